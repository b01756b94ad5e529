"""Soft-deleted vaults: what is left of them, how they come back, and when they are gone."""

from __future__ import annotations

from localazure import keyvault
from localazure.authorization import allows, assign_role
from localazure.keyvault import vault_store
from tests.localazure.driver import (
    DAY,
    GROUP,
    KEY_VAULT,
    OTHER_GROUP,
    SERVICE,
    TENANT,
    VAULT,
    Case,
    error,
    without,
)

DELETED = f"{KEY_VAULT}/locations/westeurope/deletedVaults/Contoso-1"


def test_absent_deleted_vault_is_the_providers_404(case: Case) -> None:
    """No deleted vault: 404 without ARM's header; also for a live one and at another location."""
    case.make_vault()
    response = case.arm("GET", DELETED)
    assert error(response) == (404, "ResourceNotFound")
    assert response.body["error"]["message"] == "The specified resource does not exist."
    assert "x-ms-failure-cause" not in response.headers
    case.arm("DELETE", VAULT)
    assert error(case.arm("GET", DELETED.replace("westeurope", "eastus"))) == (404, "ResourceNotFound")


def test_fails_to_create_on_a_deleted_name(case: Case) -> None:
    """The name stays taken: ConflictError where the vault was, VaultAlreadyExists elsewhere."""
    case.make_vault()
    case.arm("DELETE", VAULT)
    assert error(case.make_vault()) == (409, "ConflictError")
    elsewhere = f"{OTHER_GROUP}/providers/Microsoft.KeyVault/vaults/contoso-1"
    assert error(case.make_vault(elsewhere)) == (409, "VaultAlreadyExists")


def test_recovery_brings_back_policies_retention_and_keys(case: Case) -> None:
    """createMode recover restores everything, whatever else the body says, and keeps the creation time."""
    case.make_vault(softDeleteRetentionInDays=7, enablePurgeProtection=True)
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


def test_recover_on_a_live_vault_keeps_its_policies(case: Case) -> None:
    """createMode recover on a vault that is there changes the rest, not the policies."""
    case.make_vault()
    body = case.make_vault(createMode="recover", accessPolicies=None, enablePurgeProtection=True).body
    assert len(body["properties"]["accessPolicies"]) == 1
    assert body["properties"]["enablePurgeProtection"] is True


def test_fails_to_recover_what_was_never_there(case: Case) -> None:
    """createMode recover needs a soft-deleted vault."""
    assert error(case.make_vault(createMode="recover")) == (404, "ResourceNotFound")


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


def test_a_resource_group_takes_its_vaults_along(case: Case) -> None:
    """Deleting a group soft-deletes its vaults and no other group's."""
    case.make_vault()
    case.add_group(f"{GROUP}2")
    case.make_vault(VAULT.replace("/rg/", "/rg2/").replace("Contoso-1", "other-1"))
    keyvault.delete_in_group(case.cloud, GROUP)
    assert case.arm("GET", DELETED).status == 200
    other = vault_store.holder(case.cloud, "other-1")
    assert other is not None
    assert other.deleted is None


def test_role_assignments_on_a_vault_do_not_survive_its_deletion(case: Case) -> None:
    """A recovered vault comes back without the roles that were granted at it."""
    case.make_vault()
    assign_role(case.cloud, SERVICE.object_id, "Reader", VAULT)
    case.arm("DELETE", VAULT)
    case.make_vault(createMode="recover", tenantId=TENANT)
    assert not allows(case.cloud, SERVICE.object_id, "Microsoft.KeyVault/vaults/read", VAULT)
