"""Grants that count late, in every mode, on the real engine: one update, no failure, the wait with its
reason."""

from __future__ import annotations

import pytest

from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("access_model", ["accessPolicy", "rbac"])
def test_an_account_bound_in_its_create_outlasts_a_grant_that_counts_late(
    stack: Stack, azure: RunningAzure, access_model: str
) -> None:
    """The account is bound at the end, was never unbound once it was, and the wait was explained."""
    azure.control("/behaviour", {"grant_delay_seconds": 12.0})
    stack.configure(identity="userAssigned", accessModel=access_model, vault=None, key=None)
    run = stack.up()
    assert run.ok, run.output
    assert "waiting" in run.output
    account = stack.outputs()["accountId"]
    assert cloud.history(azure, account)[-1]["readable"]
    assert cloud.unbound_moments(azure, account) == []
    settled = stack.deploy("--expect-no-changes")
    assert settled.ok, settled.output
