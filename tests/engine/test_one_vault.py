"""Services that share one vault, on the real engine, where Azure refuses writes to it that overlap."""

from __future__ import annotations

import pytest

from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

SERVICES = ("alpha", "beta", "gamma")


def test_services_of_one_vault_write_to_it_one_after_another(stack: Stack, azure: RunningAzure) -> None:
    """One update makes three keys, three grants and an operator's policy; Azure answers 409 ConflictError to
    a write that arrives while another is in flight, and azure-native does not retry that."""
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
