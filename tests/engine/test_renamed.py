"""A service that an outside program calls by another name is not destroyed, and has a way back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core import resource_types
from tests.continuity.consumers import consumer
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
_KEPT = (
    resource_types.VAULT,
    resource_types.KEY,
    resource_types.ACCOUNT,
    resource_types.DIAGNOSTIC_SETTING,
    resource_types.WORKSPACE,
)
_UNPROTECT = re.compile(r"`pulumi state unprotect '([^']+)'`")


def ids(stack: Stack) -> dict[str, str]:
    """What the state has, by URN."""
    return {one["urn"]: one.get("id", "") for one in stack.resources()}


def is_of_claims(urn: str) -> bool:
    return urn.rpartition("::")[2].startswith("claims-")


def led_back(stack: Stack) -> None:
    """Updates by a program that has its service's name again: the second service goes by what the engine
    prints, and that never names the first one."""
    while not (run := stack.deploy()).ok:
        urns = _UNPROTECT.findall(run.output)
        assert urns, run.output
        assert not [urn for urn in urns if is_of_claims(urn)], run.output
        for urn in urns:
            assert stack.pulumi("state", "unprotect", urn, "--yes").ok
    assert stack.deploy("--expect-no-changes").ok


def test_another_name_destroys_nothing_and_leads_back(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """The preview fails, for the service is protected. An update without one makes a second service beside
    the first, which stays as it is: by its name it is the program's again, and the second one goes by what
    the engine prints. With an alias, and the names that it had by default, the service has another name and
    nothing is made anew: neither what holds data nor its logs."""
    program = consumer("python", empty_azure, tmp_path)
    stack = program.stack
    program.say()
    assert program.up().ok
    program.judge.write_data()
    before = set(ids(stack).items())
    program.say(name="desk")
    assert "cannot be deleted" in stack.pulumi("preview").output
    assert not program.up().ok
    ours = {one for one in before if is_of_claims(one[0])}
    assert ours <= set(ids(stack).items())
    program.say()
    led_back(stack)
    assert ours <= set(ids(stack).items())

    program.say(name="desk", alias="claims")
    assert "resourceGroupName: changes from 'rg-claims'" in program.up().output
    names: dict[str, Any] = {"resource_group_name": "rg-claims", "account_name": "lang-claims"}
    names |= {"vault": {"name": "kv-claims", "key_operators": ["deployer"]}}
    names |= {"key": {"name": "cmk-claims", "generation": 1}}
    program.say(name="desk", alias="claims", args=names)
    program.must_up()
    kept = {id for urn, id in ours if urn.split("$")[-1].split("::")[0] in _KEPT}
    assert len(kept) == 6
    assert kept <= {id for urn, id in ids(stack).items() if urn.rpartition("::")[2].startswith("desk-")}
    assert stack.deploy("--expect-no-changes").ok
    assert program.judge.reads_data()
    assert program.judge.lapses() == []
