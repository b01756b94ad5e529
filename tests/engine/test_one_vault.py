"""Services that share one vault, on the real engine, where Azure refuses writes to it that overlap."""

from __future__ import annotations

import pytest

from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]

SERVICES = ("alpha", "beta", "gamma")


def central_vault(stack: Stack, azure: RunningAzure) -> str:
    """The id of somebody else's vault that grants by access policies."""
    group = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-central"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-central"
    judge = Judge(azure, stack)
    judge.arm("PUT", group, "2024-03-01", {"location": "westeurope"})
    properties = {
        "tenantId": azure.env["AZURE_TENANT_ID"],
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "accessPolicies": [],
    }
    judge.arm("PUT", vault, "2024-11-01", {"location": "westeurope", "properties": properties})
    return vault


def test_services_of_one_vault_write_to_it_one_after_another(stack: Stack, azure: RunningAzure) -> None:
    """One update makes three keys, three grants and an operator's policy; Azure answers 409 ConflictError to
    a write that arrives while another is in flight, and azure-native does not retry that."""
    vault = central_vault(stack, azure)
    alpha, beta, gamma = ({"name": name, "vault": {"id": vault}} for name in SERVICES)
    alpha = {**alpha, "vault": {"id": vault, "keyOperators": ["deployer"]}}
    stack.configure(
        name=None, vault=None, key=None, services=[alpha, {**beta, "identity": "userAssigned"}, gamma]
    )
    azure.control("/behaviour", {"vault_write_seconds": 1.0})
    run = stack.deploy()
    assert run.ok, run.output
    for name in SERVICES:
        assert cloud.history(azure, Judge(azure, stack, name).account_id)[-1]["readable"]


def test_a_lock_on_an_existing_vault_goes_with_the_service(stack: Stack, azure: RunningAzure) -> None:
    """It locks the account and the vault, which is not the stack's; a destroy takes both locks and the access
    of the account away, and leaves the vault, its key and the lock of its owner, which forbids none of it."""
    vault, judge = central_vault(stack, azure), Judge(azure, stack)
    locks = f"{vault}/providers/Microsoft.Authorization/locks"

    def locked() -> list[str]:
        return sorted(one["name"] for one in judge.arm("GET", locks, "2020-05-01")["value"])

    judge.arm("PUT", f"{locks}/owners", "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    stack.configure(vault={"id": vault}, key=None, lock="CanNotDelete", protect=False)
    assert stack.up().ok
    assert len(locked()) == 2
    assert judge.arm("GET", vault, "2024-11-01")["properties"]["accessPolicies"] != []
    again = stack.deploy("--expect-no-changes")
    assert again.ok, again.output
    gone = stack.destroy()
    assert gone.ok, gone.output
    assert locked() == ["owners"]
    assert judge.arm("GET", vault, "2024-11-01")["properties"]["accessPolicies"] == []
