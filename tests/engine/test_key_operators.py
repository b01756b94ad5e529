"""Key operators on the real engine: in a vault under Azure RBAC with the policy pack."""

from __future__ import annotations

import pytest

from tests.engine.shared import done
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
OPERATED = {"vault": {"keyOperators": ["deployer"]}, "network": {"access": "open"}}


def test_an_operator_rotates_under_the_policy_pack(azure: RunningAzure, stack: Stack) -> None:
    """The pack takes the operator's role, in the update that makes it, in the one that rotates, and when
    nothing changes."""
    stack.configure(accessModel="rbac", key=None, **OPERATED)
    for generation in (1, 2):
        stack.configure(key={"generation": generation})
        done(stack.up())
    done(stack.up("--expect-no-changes"))
    assert len(cloud.bound_keys(azure, Judge(azure, stack).account_id)) == 2
