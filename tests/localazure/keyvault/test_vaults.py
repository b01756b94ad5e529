"""Vaults in ARM: what they answer, what cannot be made of them, what changes them, what a delete leaves."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import keyvault
from localazure.authorization import allows, assign_role
from localazure.keyvault import vault_store
from localazure.web import Json
from tests.localazure.driver import (
    DAY,
    GROUP,
    KEY_VAULT,
    OTHER_GROUP,
    OTHER_TENANT,
    OWNER,
    SERVICE,
    STRANGER,
    VAULT,
    Case,
    error,
    policy,
    vault_body,
    without,
)

DELETED = f"{KEY_VAULT}/locations/westeurope/deletedVaults/Contoso-1"


def properties(case: Case, path: str = VAULT) -> Json:
    return case.arm("GET", path).body["properties"]


def test_a_vault_is_ready_when_its_time_is_over(case: Case) -> None:
    """RegisteringDns until the cloud's clock has passed the duration of an operation; two seconds later also
    without a look, and for whoever changes it."""
    case.cloud.behave(operation_seconds=60)
    case.make_vault()
    assert properties(case)["provisioningState"] == "RegisteringDns"
    case.cloud.clock.advance(60)
    assert properties(case)["provisioningState"] == "Succeeded"
    unseen = VAULT.replace("Contoso-1", "unseen")
    case.arm("PUT", unseen, vault_body())
    case.cloud.clock.advance(62)
    assert properties(case, unseen)["provisioningState"] == "Succeeded"
    case.cloud.behave(operation_seconds=0)
    other = VAULT.replace("Contoso-1", "other")
    case.arm("PUT", other, vault_body())
    assert case.arm("PATCH", other, {}).body["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(("api", "rbac"), [("2024-11-01", None), ("2026-02-01", True)])
def test_new_vaults_are_under_rbac_from_2026_on(case: Case, api: str, rbac: bool | None) -> None:
    """Without a word about it, the api-version decides over a new vault's permission model."""
    body = case.arm("PUT", VAULT, vault_body(), api=api).body
    assert body["properties"].get("enableRbacAuthorization") is rbac


def invalid(name: str, **changes: Any) -> tuple[dict[str, Any], str]:
    return changes, f"An invalid value was provided for '{name}'."


def invalid_policies(*entries: Any) -> tuple[dict[str, Any], str]:
    return invalid("accessPolicies", accessPolicies=list(entries))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"enablePurgeProtection": False},
            'The property "enablePurgeProtection" cannot be set to false.',
        ),
        (
            {"enableSoftDelete": False, "enablePurgeProtection": True},
            'The property "enablePurgeProtection" needs',
        ),
        invalid("tenantId", tenantId=OTHER_TENANT),
        invalid("tenantId", tenantId=None),
        invalid("sku", sku=None),
        invalid("sku", sku={"family": "A", "name": "basic"}),
        invalid("accessPolicies", accessPolicies=None),
        invalid("softDeleteRetentionInDays", softDeleteRetentionInDays=6),
        invalid("softDeleteRetentionInDays", softDeleteRetentionInDays=91),
        invalid("enableSoftDelete", enableSoftDelete="yes"),
        invalid_policies(policy(STRANGER, "get")),
        invalid_policies(policy(OWNER, "fly")),
        *(
            invalid_policies({**policy(OWNER), "permissions": permissions})
            for permissions in ({"keys": 5}, {"keys": "get"}, {"secrets": ["read"]}, {"storage": [5]})
        ),
        *(
            invalid(f"networkAcls.{name}", networkAcls={name: rules})
            for name, rules in (
                ("bypass", "Everybody"),
                ("ipRules", "203.0.113.7"),
                ("ipRules", ["203.0.113.7"]),
                ("ipRules", [{"value": "203.0.113.300"}]),
                ("ipRules", [{"value": "2001:db8::/32"}]),
                ("virtualNetworkRules", [{"value": "subnet"}]),
            )
        ),
    ],
)
def test_fails_to_create_what_azure_refuses(case: Case, changes: dict[str, Any], text: str) -> None:
    """A body that breaks a rule is refused with 400 and leaves no vault behind."""
    response = case.make_vault(**changes)
    assert error(response) == (400, "BadRequest")
    assert response.message.startswith(text)
    assert error(case.arm("GET", VAULT)) == (404, "ResourceNotFound")


@pytest.mark.parametrize("name", ["ab", "a" * 25, "1abc", "abc-", "a--b", "a_b"])
def test_fails_for_a_name_that_no_vault_can_have(case: Case, name: str) -> None:
    """Vault names have 3-24 letters, digits and single hyphens, a letter first and no hyphen last."""
    assert error(case.make_vault(VAULT.replace("Contoso-1", name))) == (400, "VaultNameNotValid")


def test_names_are_unique_in_the_whole_cloud(case: Case) -> None:
    """Another group or subscription cannot have a vault of the same name, in whatever case, while there is a
    live or a soft-deleted one; in its own subscription a soft-deleted one is a conflict."""

    def ask(name: str) -> Any:
        body = {"name": name, "type": "Microsoft.KeyVault/vaults"}
        return case.arm("POST", f"{KEY_VAULT}/checkNameAvailability", body).body

    assert ask("contoso-1") == {"nameAvailable": True}
    case.make_vault()
    case.add_group(f"{GROUP}2")
    message = "The name 'contoso-1' is already in use."
    vault = "providers/Microsoft.KeyVault/vaults/CONTOSO-1"
    for own in ("VaultAlreadyExists", "ConflictError"):
        assert ask("contoso-1") == {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
        assert error(case.make_vault(f"{OTHER_GROUP}/{vault}")) == (409, "VaultAlreadyExists")
        assert error(case.make_vault(f"{GROUP}2/{vault}")) == (409, own)
        case.arm("DELETE", VAULT)
    assert error(case.make_vault()) == (409, "ConflictError")
    assert ask("no_name")["reason"] == "AccountNameInvalid"


# Changes


def test_put_replaces_policies_and_keeps_what_cannot_be_taken_back(case: Case) -> None:
    """A second PUT drops the policies and network rules that it does not name, but not purge protection,
    soft delete, retention and permission model; a body that was read can be put again as it is."""
    case.make_vault(
        enablePurgeProtection=True, softDeleteRetentionInDays=7, networkAcls={"defaultAction": "Deny"}
    )
    before = case.arm("GET", VAULT).body
    assert case.arm("PUT", VAULT, before).body["properties"] == before["properties"]
    found = case.make_vault(accessPolicies=[policy(SERVICE, "get")]).body["properties"]
    assert found["provisioningState"] == "Succeeded"
    assert [p["objectId"] for p in found["accessPolicies"]] == [SERVICE.object_id]
    assert (found["enablePurgeProtection"], found["softDeleteRetentionInDays"]) == (True, 7)
    assert "networkAcls" not in found


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


def test_patch_merges(vault: Case) -> None:
    """An empty PATCH changes nothing; a PATCH of one property leaves the others."""
    before = properties(vault)
    assert vault.arm("PATCH", VAULT, {}).body["properties"] == before
    change = {"properties": {"enablePurgeProtection": True}, "tags": {"a": "b"}}
    after = vault.arm("PATCH", VAULT, change).body
    assert after["properties"] == {**before, "enablePurgeProtection": True}
    assert after["tags"] == {"a": "b"}


def test_fails_to_move_a_vault(vault: Case) -> None:
    """A PUT with another location is refused; another spelling of the same one is not."""
    body = vault_body()
    assert error(vault.arm("PUT", VAULT, {**body, "location": "eastus"})) == (409, "InvalidResourceLocation")
    assert vault.arm("PUT", VAULT, {**body, "location": "West Europe"}).status == 200


def test_permission_model_changes_only_by_who_may_assign_roles(vault: Case) -> None:
    """Turning RBAC on needs Microsoft.Authorization/roleAssignments/write, which a mere writer lacks."""
    change = {"properties": {"enableRbacAuthorization": True}}
    assert error(vault.arm("PATCH", VAULT, change, caller=SERVICE)) == (403, "AuthorizationFailed")
    assert vault.arm("PATCH", VAULT, change).body["properties"]["enableRbacAuthorization"] is True


def test_policies_are_united_replaced_and_removed(vault: Case) -> None:
    """add unites permissions, replace exchanges the listed entries only, remove takes permissions away."""

    def send(kind: str, *keys: str) -> list[Any]:
        body = {"properties": {"accessPolicies": [policy(SERVICE, *keys, applicationId="")]}}
        response = vault.arm("PUT", f"{VAULT}/accessPolicies/{kind}", body)
        assert response.body["id"] == f"{VAULT}/accessPolicies/"
        assert "name" not in response.body
        own, *others = (p["permissions"]["keys"] for p in response.body["properties"]["accessPolicies"])
        assert own == ["all", "purge"]
        return others

    assert send("add", "get") == [["get"]]
    assert send("add", "Get", "wrapKey") == [["get", "wrapKey"]]
    assert send("replace", "list") == [["list"]]
    assert send("add", "get") == [["list", "get"]]
    assert send("remove", "List") == [["get"]]
    assert send("remove", "get") == []


# Deleted vaults


def test_absent_deleted_vault_is_the_providers_404(vault: Case) -> None:
    """No deleted vault: 404 without ARM's header; also for a live one and at another location; and none such
    can be recovered."""
    response = vault.arm("GET", DELETED)
    assert error(response) == (404, "ResourceNotFound")
    assert response.message == "The specified resource does not exist."
    assert "x-ms-failure-cause" not in response.headers
    vault.arm("DELETE", VAULT)
    assert error(vault.arm("GET", DELETED.replace("westeurope", "eastus"))) == (404, "ResourceNotFound")
    never = VAULT.replace("Contoso-1", "never")
    assert error(vault.make_vault(never, createMode="recover")) == (404, "ResourceNotFound")


def test_recovery_brings_back_policies_retention_and_keys(case: Case) -> None:
    """createMode recover restores everything but roles, whatever else the body says, and keeps the creation
    time."""
    case.make_vault(softDeleteRetentionInDays=7, enablePurgeProtection=True)
    assign_role(case.cloud, SERVICE.object_id, "Reader", VAULT)
    kid = case.make_key()["key"]["kid"]
    before = case.arm("GET", VAULT).body
    case.arm("DELETE", VAULT)
    assert error(case.data("GET", "/keys/k")) == (404, "VaultNotFound")
    response = case.make_vault(createMode="recover", accessPolicies=[])
    assert response.status == 200
    assert without(response.body, "systemData") == without(before, "systemData")
    assert response.body["systemData"]["createdAt"] == before["systemData"]["createdAt"]
    assert case.data("GET", "/keys/k").body["key"]["kid"] == kid
    assert error(case.arm("GET", DELETED)) == (404, "ResourceNotFound")
    assert not allows(case.cloud, SERVICE.object_id, "Microsoft.KeyVault/vaults/read", VAULT)


def test_recover_on_a_live_vault_keeps_its_policies(vault: Case) -> None:
    """createMode recover on a vault that is there changes the rest, not the policies."""
    body = vault.make_vault(createMode="recover", accessPolicies=None, enablePurgeProtection=True).body
    assert len(body["properties"]["accessPolicies"]) == 1
    assert body["properties"]["enablePurgeProtection"] is True


def test_the_clock_purges_when_the_retention_is_over(case: Case) -> None:
    """After its retention a soft-deleted vault and its keys are gone, protected or not."""
    case.make_vault(enablePurgeProtection=True, softDeleteRetentionInDays=7)
    case.make_key()
    case.arm("DELETE", VAULT)
    case.cloud.clock.advance(7 * DAY - 60)
    assert case.arm("GET", DELETED).status == 200
    case.cloud.clock.advance(61)
    assert case.arm("GET", f"{KEY_VAULT}/deletedVaults").body == {"value": []}
    assert case.make_vault().status == 200
    assert error(case.data("GET", "/keys/k")) == (404, "KeyNotFound")


def test_a_vault_without_soft_delete_goes_at_once(case: Case) -> None:
    """With soft delete off nothing is left to recover, and keys are merely Purgeable."""
    case.make_vault(enableSoftDelete=False)
    assert case.make_key()["attributes"]["recoveryLevel"] == "Purgeable"
    case.arm("DELETE", VAULT)
    assert error(case.arm("GET", DELETED)) == (404, "ResourceNotFound")
    assert case.cloud.store.scan("vault.key.material") == []


def test_a_resource_group_takes_its_vaults_along(vault: Case) -> None:
    """Deleting a group soft-deletes its vaults and no other group's."""
    vault.add_group(f"{GROUP}2")
    vault.make_vault(VAULT.replace("/rg/", "/rg2/").replace("Contoso-1", "other-1"))
    keyvault.delete_in_group(vault.cloud, GROUP)
    assert vault.arm("GET", DELETED).status == 200
    other = vault_store.holder(vault.cloud, "other-1")
    assert other is not None
    assert other.deleted is None
