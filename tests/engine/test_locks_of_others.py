"""A destroy of an account that is bound in its create, in the way of which others have put locks.

Nothing of this project's own provider is deleted before such an account, so Azure alone says what stops it.
"""

from __future__ import annotations

import re

import pytest

from core.api_versions import LOCKS
from tests.engine.shared import done, refused
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
_LOCKS = "providers/Microsoft.Authorization/locks"
_NAMED = re.compile(r"following scope\(s\) are locked: '([^']+)'")
_HOLD = {"properties": {"level": "CanNotDelete", "notes": "legal hold"}}


def test_a_destroy_stops_where_nothing_is_lost_and_what_is_said_leads_on(
    stack: Stack, azure: RunningAzure
) -> None:
    """At the account nothing has gone yet; the locked scope is named each time, and the same command goes on
    once the lock is away."""
    judge = Judge(azure, stack)
    stack.configure(identity="userAssigned", protect=False)
    done(stack.deploy())
    judge.write_data()
    there = stack.resources()

    judge.arm("PUT", f"{judge.account_id}/{_LOCKS}/hold", LOCKS, _HOLD)
    stopped = refused(stack.destroy())
    named = _NAMED.search(stopped.output)
    assert named, stopped.output
    assert {one["urn"] for one in stack.resources()} == {one["urn"] for one in there}
    assert judge.reads_data()
    # As `az lock list --resource-group` does, which the runbook says.
    (lock,) = judge.arm("GET", f"{judge.group}/{_LOCKS}", LOCKS)["value"]
    assert lock["id"].lower().startswith(named[1].lower())
    judge.arm("DELETE", lock["id"], LOCKS)

    judge.arm("PUT", f"{judge.vault_id}/{_LOCKS}/hold", LOCKS, _HOLD)
    stopped = refused(stack.destroy())
    named = _NAMED.search(stopped.output)
    assert named, stopped.output
    (lock,) = judge.arm("GET", f"{judge.group}/{_LOCKS}", LOCKS)["value"]
    assert lock["id"].lower().startswith(named[1].lower())
    judge.arm("DELETE", lock["id"], LOCKS)

    done(stack.destroy())
    assert stack.resources() == []
