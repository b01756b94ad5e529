"""No update takes an account off its key, without a refresh: what only the real engine shows.

Owns: transforms, aliases and saved plans. The engine in this process has targets, kinds of updates and the
program's own ignore_changes, alone and beside other events (tests/remediation/machine.py). What a program in
another language says reaches the component: tests/components/test_construct.py; such programs' lives:
tests/engine/test_component_package.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.continuity.consumers import Consumer, consumer
from tests.support.azure import running_azure
from tests.support.stack import done, refused

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

HOLDS_DATA = (":Vault", ":Key", ":Account", ":CustomerManagedKey")


@pytest.fixture
def makes(tmp_path: Path) -> Iterator[Callable[[str], Consumer]]:
    """Gives a stack of a kind of consumer on a local Azure of its own, not yet deployed."""
    with running_azure(tmp_path / "azure") as azure:
        yield lambda kind: consumer(kind, azure, tmp_path)


def holding(consumer: Consumer) -> dict[tuple[str, str], str]:
    """The URN of each resource that holds data or gives access to it, by its type and id."""
    found = [one for one in consumer.stack.resources() if one["type"].endswith(HOLDS_DATA)]
    return {(one["type"], one["id"]): one["urn"] for one in found}


def tags(consumer: Consumer) -> Any:
    (account,) = [one for one in consumer.stack.resources() if one["type"].endswith(":Account")]
    return account["outputs"].get("tags")


def refresh_for_a_new_transform(program: Consumer) -> None:
    """Right after a first update a package leaves out the key that the state lacks. A transform that then
    changes the account is refused before anything is written; what the refusal prints leads on."""
    program.say(protect=False, cost_centre="7")
    refused(program.stack.deploy(), "Nothing was written", "pulumi refresh")
    done(program.stack.refresh())


@pytest.mark.parametrize("kind", ["python", pytest.param("package", marks=pytest.mark.long)])
def test_tags_of_the_whole_program_are_no_loss_of_the_key(
    makes: Callable[[str], Consumer], kind: str
) -> None:
    """A program that tags by a transform, and changes the tag: each update says the key in its write of the
    account, and nothing is left to do after it."""
    program = makes(kind)
    program.up()
    if kind == "package":
        refresh_for_a_new_transform(program)
    for number in ("7", "8"):
        program.up(cost_centre=number)
        assert tags(program) == {"cost-centre": number}
        program.up("--expect-no-changes", cost_centre=number)
    program.settle()


@pytest.mark.long
def test_a_saved_plan(makes: Callable[[str], Consumer]) -> None:
    """An update by a plan that a preview saved."""
    program, said = makes("python"), {"tags": {"owner": "another"}}
    program.up()
    plan = str(program.stack.folder / "plan.json")
    program.say(protect=False, **said)
    done(program.stack.pulumi("preview", "--save-plan", plan))
    program.up("--plan", plan, **said)
    assert tags(program) == said["tags"]
    program.settle(**said)


@pytest.mark.long
def test_transforms_and_aliases_reach_the_children(makes: Callable[[str], Consumer]) -> None:
    """A transform of the caller's component, which the host does not see, changes the account, with its key
    in the update. A component of another name keeps all that holds data or gives access."""
    caller = makes("package")
    caller.up()
    refresh_for_a_new_transform(caller)
    caller.up(cost_centre="7")
    assert caller.judge.lapses() == []
    assert tags(caller) == {"cost-centre": "7"}
    before = holding(caller)
    names = {"vault": {"name": "kv-claims", "keyOperators": ["deployer"]}, "resourceGroupName": "rg-claims"}
    names |= {"accountName": "lang-claims", "key": {"name": "cmk-claims", "generation": 1}}
    said = {"cost_centre": "7", "name": "payments", "alias": "claims", "args": names}
    caller.up(**said)
    after = holding(caller)
    assert after.keys() == before.keys()
    assert len(after) == len(HOLDS_DATA)
    assert all("::payments-" in urn for urn in after.values())
    caller.settle(**said)
