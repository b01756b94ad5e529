"""An identity that was turned off and on again past Pulumi: what is printed leads out, under the pack."""

from __future__ import annotations

import pytest

from tests.engine.shared import done
from tests.support.azure import RunningAzure
from tests.support.judge import ACCOUNTS, Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


def turn(judge: Judge, type: str) -> None:
    """Changes the account's identity, as somebody does it past Pulumi."""
    judge.arm("PATCH", judge.account_id, ACCOUNTS, {"identity": {"type": type}})


@pytest.mark.parametrize("refreshes", [True, False], ids=["refresh", "no refresh"])
def test_the_identity_gets_access(azure: RunningAzure, stack: Stack, *, refreshes: bool) -> None:
    """The state has the account without its identity. The account is not written until the new identity has
    access, and no rule of the pack is in the way; only a project that does not refresh is told to."""
    stack.ask_for_refreshes(refreshes)
    assert stack.deploy().ok
    judge = Judge(azure, stack)
    judge.write_data()
    turn(judge, "None")
    stack.pulumi("refresh", "--yes")
    refused = stack.up()
    assert "az cognitiveservices account identity assign" in refused.output
    turn(judge, "SystemAssigned")
    run = stack.up()
    assert run.ok is refreshes, run.output
    if not refreshes:
        assert "Run `pulumi refresh`, which records the identity, and then the update again" in run.output
        assert stack.pulumi("refresh", "--yes").ok
        done(stack.up())
    assert judge.reads_data()
    assert [one for one in judge.lapses() if not one.startswith("unreadable")] == []
