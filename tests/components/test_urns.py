"""URNs are identity: a URN that changes is a resource that is replaced, with the data it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.service import EncryptedAIServicesAccount
from tests.support.recording import OTHER_SUBSCRIPTION, run

GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers"
VAULT_ID = f"{GROUP}/Microsoft.KeyVault/vaults/kv-hub"
SUBNET_ID = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet/subnets/endpoints"
ZONE_IDS = [
    f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.{name}"
    for name in ("cognitiveservices.azure.com", "vaultcore.azure.net")
]
GOLDEN = Path(__file__).parent / "golden"
MODES: dict[str, dict[str, Any]] = {
    "default": {},
    "rbac": {"access_model": "rbac"},
    "user-assigned": {"identity": "userAssigned"},
    "microsoft-managed": {"encryption": "microsoftManaged"},
    "operators": {"vault": {"key_operators": ["deployer"]}},
    "existing-vault": {"vault": {"id": VAULT_ID}, "existing_resource_group_name": "rg"},
    "existing-key": {"key": {"id": f"{VAULT_ID}/keys/own"}},
    "private-network": {
        "network": {"access": "private", "subnet_id": SUBNET_ID, "private_dns_zone_ids": ZONE_IDS}
    },
}


@pytest.mark.parametrize("mode", MODES)
def test_urns_stay_what_they_are(mode: str) -> None:
    """Types, names and parents of all resources are those of the golden file; renames need an alias first."""
    args: Any = {"location": "westeurope", **MODES[mode]}
    monitor = run(lambda: EncryptedAIServicesAccount("language", args))
    found = sorted(
        f"{resource.request.parent.split('::', 2)[-1]} > {resource.type}::{resource.name}"
        for resource in monitor.registered
    )
    assert "\n".join(found) + "\n" == (GOLDEN / f"urns-{mode}.txt").read_text()
