"""URNs are identity: a URN that changes is a resource that is replaced, with the data it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.components.test_modes import NETWORK, SUBNET, VAULT_ID
from tests.support.recording import service

ZONES = [
    f"{NETWORK}/privateDnsZones/privatelink.{name}"
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
    "private-network": {"network": {"access": "private", "subnet_id": SUBNET, "private_dns_zone_ids": ZONES}},
}


@pytest.mark.parametrize("mode", MODES)
def test_urns_stay_what_they_are(mode: str) -> None:
    """Types, names and parents of all resources are those of the golden file; renames need an alias first."""
    found = sorted(
        f"{resource.request.parent.split('::', 2)[-1]} > {resource.type}::{resource.name}"
        for resource in service(**MODES[mode]).registered
    )
    assert "\n".join(found) + "\n" == (GOLDEN / f"urns-{mode}.txt").read_text()
