"""The further identities of an account."""

from __future__ import annotations

from typing import Any

from components.testing import SUBSCRIPTION
from tests.support.recording import service

IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ManagedIdentity"
    "/userAssignedIdentities/id-storage"
)


def account(**more: Any) -> Any:
    """The inputs of the account that a service declares."""
    return service(**more).one(":cognitiveservices:Account").inputs


def test_further_identities_do_not_use_the_key() -> None:
    """They are beside the account's own, or beside the one that was made for the key."""
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": [IDENTITY]}
    assert account(other_identity_ids=[IDENTITY])["identity"] == both
    monitor = service(other_identity_ids=[IDENTITY], identity="userAssigned")
    made = monitor.one(":UserAssignedIdentity")
    one = monitor.one(":cognitiveservices:Account").inputs
    assert one["identity"]["userAssignedIdentities"] == [made.outputs["id"], IDENTITY]
    key = one["properties"]["encryption"]["keyVaultProperties"]
    assert key["identityClientId"] == made.outputs.get("clientId", key["identityClientId"])
    assert len(monitor.of(":AccessPolicy")) == 1
