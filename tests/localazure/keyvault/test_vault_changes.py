"""Vaults in ARM: what a PUT, a PATCH and changed access policies make of one that is there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.driver import SERVICE, VAULT, Case, error, policy, vault_body


def test_put_replaces_policies_and_keeps_what_cannot_be_taken_back(case: Case) -> None:
    """A second PUT drops the policies and network rules that it does not name, but not purge protection,
    soft delete, retention and permission model."""
    case.make_vault(
        enablePurgeProtection=True, softDeleteRetentionInDays=7, networkAcls={"defaultAction": "Deny"}
    )
    response = case.make_vault(accessPolicies=[policy(SERVICE, "get")])
    properties = response.body["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert [p["objectId"] for p in properties["accessPolicies"]] == [SERVICE.object_id]
    assert properties["enablePurgeProtection"] is True
    assert properties["softDeleteRetentionInDays"] == 7
    assert "networkAcls" not in properties


def test_a_body_read_back_can_be_put_again(case: Case) -> None:
    """Read-only properties in a PUT are accepted and change nothing."""
    case.make_vault(enablePurgeProtection=True)
    before = case.arm("GET", VAULT).body
    after = case.arm("PUT", VAULT, before)
    assert after.status == 200
    assert after.body["properties"] == before["properties"]


@pytest.mark.parametrize(
    "change",
    [
        {"enablePurgeProtection": False},
        {"enableSoftDelete": False},
        {"softDeleteRetentionInDays": 30},
        {"softDeleteRetentionInDays": "30"},
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_fails_to_take_back_protection(case: Case, method: str, change: dict[str, Any]) -> None:
    """Neither PUT nor PATCH undoes purge protection or soft delete, or changes the retention."""
    case.make_vault(enablePurgeProtection=True, softDeleteRetentionInDays=90)
    before = case.arm("GET", VAULT).body
    body = vault_body(**change) if method == "PUT" else {"properties": change}
    assert error(case.arm(method, VAULT, body)) == (400, "BadRequest")
    assert case.arm("GET", VAULT).body == before


def test_patch_merges(case: Case) -> None:
    """An empty PATCH changes nothing; a PATCH of one property leaves the others."""
    case.make_vault()
    before = case.arm("GET", VAULT).body["properties"]
    assert case.arm("PATCH", VAULT, {}).body["properties"] == before
    after = case.arm("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}, "tags": {"a": "b"}}).body
    assert after["properties"] == {**before, "enablePurgeProtection": True}
    assert after["tags"] == {"a": "b"}


def test_fails_to_move_a_vault(case: Case) -> None:
    """A PUT with another location is refused; another spelling of the same one is not."""
    case.make_vault()
    body = vault_body()
    assert error(case.arm("PUT", VAULT, {**body, "location": "eastus"})) == (409, "InvalidResourceLocation")
    assert case.arm("PUT", VAULT, {**body, "location": "West Europe"}).status == 200


def test_permission_model_changes_only_by_who_may_assign_roles(case: Case) -> None:
    """Turning RBAC on needs Microsoft.Authorization/roleAssignments/write, which a mere writer lacks."""
    case.make_vault()
    change = {"properties": {"enableRbacAuthorization": True}}
    assert error(case.arm("PATCH", VAULT, change, caller=SERVICE)) == (403, "AuthorizationFailed")
    assert case.arm("PATCH", VAULT, change).body["properties"]["enableRbacAuthorization"] is True


def test_policies_are_united_replaced_and_removed(case: Case) -> None:
    """add unites permissions, replace exchanges the listed entries only, remove takes permissions away."""
    case.make_vault()

    def send(kind: str, *keys: str) -> list[Any]:
        body = {"properties": {"accessPolicies": [policy(SERVICE, *keys, applicationId="")]}}
        response = case.arm("PUT", f"{VAULT}/accessPolicies/{kind}", body)
        assert response.body["id"] == f"{VAULT}/accessPolicies/"
        assert "name" not in response.body
        return [p["permissions"]["keys"] for p in response.body["properties"]["accessPolicies"]]

    assert send("add", "get") == [["all", "purge"], ["get"]]
    assert send("add", "Get", "wrapKey") == [["all", "purge"], ["get", "wrapKey"]]
    assert send("replace", "list") == [["all", "purge"], ["list"]]
    assert send("add", "get") == [["all", "purge"], ["list", "get"]]
    assert send("remove", "List") == [["all", "purge"], ["get"]]
    assert send("remove", "get") == [["all", "purge"]]
