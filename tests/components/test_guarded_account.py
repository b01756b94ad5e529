"""Locks, hosts that an account may call, and its further identities."""

from __future__ import annotations

from typing import Any

from components.testing import SUBSCRIPTION
from tests.components.test_kinds import refused
from tests.support.recording import service

IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ManagedIdentity"
    "/userAssignedIdentities/id-storage"
)
CALLER = {"principal_id": "b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124"}


def account(**more: Any) -> Any:
    """The inputs of the account that a service declares."""
    return service(**more).one(":cognitiveservices:Account").inputs


def test_account_and_vault_are_locked_after_all_that_is_below() -> None:
    """What is below the account is deleted after its lock; the lock goes when it is no longer declared."""
    monitor = service(lock="CanNotDelete", callers=[CALLER])
    locks = {one.name: one for one in monitor.of(":ManagementLockByScope")}
    assert {name: (one.inputs["scope"], one.inputs["level"]) for name, one in locks.items()} == {
        "language-account-lock": (monitor.one(":cognitiveservices:Account").outputs["id"], "CanNotDelete"),
        "language-vault-lock": (monitor.one(":Vault").outputs["id"], "CanNotDelete"),
    }
    assert not any(one.request.protect for one in locks.values())
    below = {monitor.one(":RoleAssignment").urn, *(one.urn for one in monitor.of(":DiagnosticSetting"))}
    assert all(below <= one.needs for one in locks.values())


def test_a_vault_of_roles_is_not_locked() -> None:
    """A lock keeps role assignments from being deleted, and would keep the access from being revoked."""
    monitor = service(lock="CanNotDelete", access_model="rbac")
    assert monitor.one(":ManagementLockByScope").name == "language-account-lock"
    assert service().of(":ManagementLockByScope") == []


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


def test_fails_on_a_lock_that_forbids_every_write() -> None:
    """Nothing could be rotated under it."""
    assert refused(lock="ReadOnly")[0].startswith("lock: found 'ReadOnly'")
