"""Key operators on the real engine: in a vault under Azure RBAC with the policy pack, and those who have an
access policy already."""

from __future__ import annotations

import pytest

from localazure import seed
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
        run = stack.up()
        assert run.ok, run.output
    settled = stack.up("--expect-no-changes")
    assert settled.ok, settled.output
    assert len(cloud.bound_keys(azure, Judge(azure, stack).account_id)) == 2


def test_an_operator_keeps_the_access_policy_that_it_has(azure: RunningAzure, stack: Stack) -> None:
    """An update refuses it and says what a rotation needs; once somebody has added that, the next rotates."""
    stack.configure(network={"access": "open"}, vault={})
    run = stack.up()
    assert run.ok, run.output
    judge = Judge(azure, stack)
    entry = {
        "tenantId": seed.TENANT_ID,
        "objectId": seed.DEPLOYER.object_id,
        "permissions": {"keys": ["get", "sign"], "secrets": ["list"]},
    }
    body = {"properties": {"accessPolicies": [entry]}}
    judge.arm("PUT", f"{judge.vault_id}/accessPolicies/add", "2024-11-01", body)
    stack.configure(key={"generation": 2}, **OPERATED)
    refused = stack.up()
    assert not refused.ok
    assert "without list, update, rotate on keys" in refused.output
    assert (
        f"--object-id {seed.DEPLOYER.object_id} --key-permissions get sign list update rotate`"
        in refused.output
    )
    assert judge.rotations() == 0
    entry["permissions"] = {"keys": ["list", "update", "rotate"]}
    judge.arm("PUT", f"{judge.vault_id}/accessPolicies/add", "2024-11-01", body)
    rotated = stack.up()
    assert rotated.ok, rotated.output
    assert judge.rotations() == 1
    settled = stack.up("--expect-no-changes")
    assert settled.ok, settled.output
    vault = judge.arm("GET", judge.vault_id, "2024-11-01")
    (found,) = (
        one["permissions"]
        for one in vault["properties"]["accessPolicies"]
        if one["objectId"] == seed.DEPLOYER.object_id
    )
    assert {*found["keys"]} == {"get", "sign", "list", "update", "rotate"}
    assert found["secrets"] == ["list"]
