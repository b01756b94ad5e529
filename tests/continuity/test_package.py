"""The component host: what a caller in another language says reaches the component, and nothing it did not
say.

The caller is a program that knows the component only by Pulumi's Construct, as the SDK of any language does.
"""

from __future__ import annotations

import json

import pytest

from tests.continuity.conftest import Makes
from tests.continuity.consumers import Consumer

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

HOLDS_DATA = (":Vault", ":Key", ":Account", ":CustomerManagedKey")


def protected(caller: Consumer) -> set[str]:
    """The types of resources that the state protects."""
    return {one["type"] for one in caller.stack.resources() if one.get("protect")}


def retained(caller: Consumer) -> set[str]:
    """The types of resources whose deletion leaves in Azure what they stand for."""
    return {one["type"] for one in caller.stack.resources() if one.get("retainOnDelete")}


def test_a_life_from_another_language(makes: Makes) -> None:
    """Wrong arguments are told by their paths before anything is made, without a traceback of the component.
    What the caller did not set is the component's default: all that holds data is protected, and no destroy
    takes it; what the caller turned off is off. A group of arguments that is secret is not lost, and stays
    secret."""
    caller = makes("package")
    caller.say(args={"netwrk": {}, "accessModel": "acl", "key": {"generation": "two"}})
    wrong = caller.up()
    assert not wrong.ok
    for words in ("netwrk", "did you mean 'network'?", "accessModel", "'acl'", "key.generation"):
        assert words in wrong.output, wrong.output
    assert "components/" not in wrong.output

    caller.say(
        args={"existingResourceGroupName": None, "tags": {"secret": "NOT-FOR-THE-STATE"}}, secret="tags"
    )
    caller.must_up()
    # The key stays in its vault, whatever becomes of its resource.
    safe = protected(caller) | retained(caller)
    assert all(any(type.endswith(kind) for type in safe) for kind in HOLDS_DATA)
    assert {type.rpartition(":")[2] for type in retained(caller)} == {"Key"}
    assert "NOT-FOR-THE-STATE" not in json.dumps(caller.stack.resources())
    assert "NOT-FOR-THE-STATE" not in caller.stack.pulumi("stack", "output", "--json").output
    refused = caller.stack.destroy()
    assert not refused.ok
    assert len(caller.judge.history()) == 2

    caller.say(protect=False, tags={"owner": "another"}, retain_on_delete=True)
    caller.must_up()
    assert protected(caller) == set()
    assert all(any(type.endswith(kind) for type in retained(caller)) for kind in HOLDS_DATA)
    caller.settle()


@pytest.mark.long
def test_transforms_and_aliases_reach_the_children(stands: Makes) -> None:
    """A transform of the caller's component, which the host does not see, changes the account, with its key
    in the update. A component of another name keeps all that holds data or gives access."""
    consumer = stands("package")
    consumer.say(protect=False, cost_centre="7")
    consumer.must_up()
    assert consumer.judge.lapses() == []
    (account,) = [one for one in consumer.stack.resources() if one["type"].endswith(":Account")]
    assert account["outputs"]["tags"] == {"cost-centre": "7"}
    before = {one["id"] for one in consumer.stack.resources() if one["type"].endswith(HOLDS_DATA)}

    names = {"vault": {"name": "kv-claims", "keyOperators": ["deployer"]}, "resourceGroupName": "rg-claims"}
    names |= {"accountName": "lang-claims", "key": {"name": "cmk-claims", "generation": 1}}
    consumer.say(protect=False, cost_centre="7", name="payments", alias="claims", args=names)
    consumer.must_up()
    after = {one["id"]: one["urn"] for one in consumer.stack.resources() if one["type"].endswith(HOLDS_DATA)}
    assert set(after) == before
    assert all("::payments-" in urn for urn in after.values())
    consumer.settle()
