"""A whole life on the real engine on 1 March 2027, when Azure refuses the older versions of Key Vault's API.

The state is one that an earlier version of the components made before that day. Any request by a version that
has ended would be refused, so what goes through shows that there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core import resource_types
from tests.operate.adopt.field import WRAPS, Field, group, principal
from tests.operate.adopt.test_adoption import adopt
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Run, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
MARCH = datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp()


def ok(run: Run) -> str:
    assert run.ok, run.output
    return run.output


def former(resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The resources of a state as the components made them before: the types do not pin a version, and an
    access policy is azure-native's."""
    native = next(one for one in resources if one["type"] == "pulumi:providers:azure-native")
    new = {new: old for old, new in resource_types.FORMER.items()}
    for one in resources:
        if one["type"] == resource_types.ACCESS_POLICY:
            one["provider"] = f"{native['urn']}::{native['id']}"
            one.pop("refreshBeforeUpdate", None)
            for bag in (one["inputs"], one["outputs"]):
                bag.pop("subscriptionId")
        if one["type"] in new:
            for bag in (one["inputs"], one["outputs"]):
                if "azureApiVersion" in bag:
                    bag["azureApiVersion"] = "2024-11-01"
        text = json.dumps(one)
        for type, old in new.items():
            text = text.replace(f"${type}::", f"${old}::").replace(f'"type": "{type}"', f'"type": "{old}"')
        yield json.loads(text)


def made_before(stack: Stack) -> None:
    """Puts a state of former types in the place of the stack's own."""
    state = json.loads(ok(stack.pulumi("stack", "export")))
    state["deployment"]["resources"] = [*former(state["deployment"]["resources"])]
    assert {one["type"] for one in state["deployment"]["resources"]} >= {*resource_types.FORMER}
    file = stack.folder / "before.json"
    file.write_text(json.dumps(state))
    ok(stack.pulumi("stack", "import", "--file", str(file)))


def test_a_whole_life_after_the_older_versions_have_ended(stack: Stack, azure: RunningAzure) -> None:
    """Taken over with no change, changed, rotated, revoked, restored, proven; one adopted; destroyed."""
    judge = Judge(azure, stack)
    stack.configure(vault={"keyOperators": ["deployer"]}, key={"generation": 1})
    ok(stack.deploy())
    judge.write_data()
    made_before(stack)
    azure.set_clock(max(MARCH, azure.control("/clock")["seconds"]))

    # A refresh asks by the types that the state has, so the first update after the day goes without one.
    assert "NoRegisteredProviderFound" in stack.deploy().output
    ok(stack.deploy("--refresh=false", "--expect-no-changes"))
    ok(stack.deploy("--expect-no-changes"))

    stack.configure(tags={"owner": "somebody else"}, key={"generation": 2})
    ok(stack.deploy())
    assert judge.verdicts(versions=2) == []
    stack.configure(access="revoked")
    ok(stack.deploy())
    assert not judge.reads_data()
    stack.configure(access=None)
    ok(stack.deploy())
    assert judge.reads_data()
    assert "NoRegisteredProviderFound" not in ok(stack.python("-m", "operate", "evidence", "--stack", "dev"))

    field = Field.at(azure.env)
    account = field.account(field.group(group("rg-whole")), "lang-whole")
    vault = field.vault(group("rg-whole"), "kv-whole")
    field.policy(vault, principal(account), WRAPS)
    field.bind(account["id"], field.key(vault, "their-key"))
    adopt(stack, "whole", "--account", account["id"], "--name", "whole")

    ok(stack.pulumi("destroy", "--yes", "--stack", "dev"))
    assert [one["body"]["name"] for one in cloud.documents(azure, "vault")] == ["kv-whole"]
