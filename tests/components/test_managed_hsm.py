"""A service whose key is in a managed HSM: what is made, in which order, and what is refused."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.preflight.run import RefusedError
from components.testing import PRINCIPAL, TENANT, VERSION
from core import resource_types as types
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from tests.components import bound
from tests.support import recording
from tests.support.recording import OTHER_SUBSCRIPTION, FakeAzure, RecordingMonitor

GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-keys/providers/Microsoft.KeyVault"
HSM = f"{GROUP}/managedHSMs/hsm-hub"
KEY = f"{HSM}/keys/cmk"
GRANT = bound.urn(types.HSM_ROLE_ASSIGNMENT, "access")


def found(**properties: Any) -> dict[str, Any]:
    """What azure-cmk answers about an HSM that is as it must be, but for some properties."""
    told = {
        "hsmUri": "https://hsm-hub.managedhsm.azure.net/",
        "tenantId": TENANT,
        "enablePurgeProtection": True,
        "securityDomainProperties": {"activationStatus": "Active"},
        **properties,
    }
    hsm = {"id": HSM, "name": "hsm-hub", "location": "westeurope", "properties": told}
    uri = f"https://hsm-hub.managedhsm.azure.net/keys/cmk/{VERSION}"
    version = {"properties": {"keyUriWithVersion": uri, "attributes": {"enabled": True}}}
    return {"hsm": hsm, "version": version}


def service(azure: FakeAzure | None = None, **more: Any) -> RecordingMonitor:
    azure = azure or FakeAzure()
    azure.hsm = azure.hsm or found()
    return recording.service(azure, **{"key": {"id": KEY}, **more})


def test_the_account_is_granted_the_key_in_the_hsm_and_then_bound() -> None:
    """No vault, key, access policy or role assignment of Resource Manager is made, and no provider for the
    HSM's subscription; the grant is exactly the role at the key, and the binding comes after it."""
    monitor = service()
    grant, binding = monitor.one(":ManagedHsmRoleAssignment"), monitor.one(":CustomerManagedKey")
    assert grant.inputs == {
        "scope": KEY,
        "principalId": PRINCIPAL,
        "roleDefinitionId": HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id,
    }
    assert grant.urn in binding.needs
    assert binding.inputs["keyUriWithVersion"] == f"https://hsm-hub.managedhsm.azure.net/keys/cmk/{VERSION}"
    assert binding.inputs["vaultId"] == HSM
    for type in (":Vault", ":Key", ":AccessPolicy", ":RoleAssignment", "pulumi:providers:azure-native"):
        assert monitor.of(type) == []
    cleanup = monitor.one(":KeyAccessCleanup")
    account = monitor.one(":Account")
    assert cleanup.urn in account.needs
    assert grant.request.deletedWith == cleanup.urn
    assert binding.request.protect


def test_a_user_assigned_identity_is_granted_before_the_account_is_made() -> None:
    """The account is bound in its create, to the HSM's URI, once the access is in effect."""
    monitor = service(identity="userAssigned")
    account, grant = monitor.one(":Account"), monitor.one(":ManagedHsmRoleAssignment")
    assert grant.urn in account.needs
    key = account.inputs["properties"]["encryption"]["keyVaultProperties"]
    assert key["keyVaultUri"] == "https://hsm-hub.managedhsm.azure.net/"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"vault": {"id": HSM}}, "a managed HSM is not supported here"),
        ({"key": {"id": HSM}}, "managedHSMs/NAME/keys/NAME"),
    ],
)
def test_fails_on_arguments_that_do_not_fit(args: dict[str, Any], message: str) -> None:
    """Each with the way out."""
    with pytest.raises(Exception, match=message):
        service(**args)


def test_an_hsm_is_asked_about_until_the_account_is_bound_in_it() -> None:
    """With the region and the tenant that it has to have; the provider judges it."""

    def asked(azure: FakeAzure) -> list[Any]:
        service(azure)
        (one,) = [one for one in azure.asked if one.token == "azure-cmk:index:checkDeployment"]
        return [(row["setting"], row["content"]) for row in one.args["resources"] if row["id"] == HSM]

    wanted = {"location": "westeurope", "properties": {"tenantId": TENANT}}
    ((setting, content),) = asked(FakeAzure())
    assert (setting, {name: content[name] for name in wanted}) == ("key.id", wanted)
    assert asked(recorded()) == []


def recorded(host: str = "managedhsm") -> FakeAzure:
    """A stack whose account is granted the key in the HSM, and bound to it or to one in a vault."""
    azure = FakeAzure()
    of_vaults = (bound.VAULT, bound.KEY, bound.ACCESS)
    azure.state = {urn: one for urn, one in bound.state().items() if urn not in of_vaults}
    key = {"keyVaultUri": f"https://hsm-hub.{host}.azure.net", "keyName": "cmk", "keyVersion": VERSION}
    azure.state[bound.BINDING]["outputs"] |= key
    azure.state[bound.KEY_VERSION]["outputs"] = {"keyId": KEY}
    assignment = f"{KEY}/providers/Microsoft.Authorization/roleAssignments/a"
    azure.state[GRANT] = {"outputs": {"principalId": PRINCIPAL, "assignmentId": assignment}}
    azure.hsm = {**found(), "assignmentId": assignment}
    return azure


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("assignmentId", "was removed outside Pulumi"),
        ("version", "az keyvault key recover --hsm-name hsm-hub --name cmk"),
    ],
)
def test_what_is_gone_is_told_and_not_restored_by_itself(gone: str, told: str) -> None:
    """Whoever removed the role in the HSM, perhaps in an emergency, meant it; a key comes back by a command.
    What cannot be read refuses nothing: a preview may run where the HSM's network lets nobody in."""
    azure = recorded()
    service(azure)
    del azure.hsm[gone]
    with pytest.raises(RefusedError, match=told):
        service(azure)
    azure.hsm["unread"] = {gone: "no answer"}
    assert service(azure).one(":ManagedHsmRoleAssignment")


def test_revoked_access_is_taken_at_the_key_of_the_hsm_first() -> None:
    """The revocation comes before everything else, and the grant is no longer declared."""
    monitor = service(recorded(), access="revoked")
    revocation = monitor.one(":KeyAccessRevocation")
    assert (revocation.inputs["keyId"], revocation.inputs["principalId"]) == (KEY, PRINCIPAL)
    assert monitor.of(":ManagedHsmRoleAssignment") == []
    assert revocation.urn in monitor.one(":Account").needs


def test_access_that_stays_revoked_is_revoked_once() -> None:
    """The next run declares the revocation that the state has, though the state has no grant any more."""
    azure = recorded()
    first = service(azure, access="revoked").one(":KeyAccessRevocation").inputs
    del azure.state[GRANT]
    azure.state[bound.REVOCATION] = {"outputs": first}
    assert service(azure, access="revoked").one(":KeyAccessRevocation").inputs == first
    assert first["assignmentId"]


def test_a_vault_of_the_same_name_is_another_place() -> None:
    """The binding in a vault named as the HSM is a move to the HSM, not access that was removed there."""
    azure = recorded("vault")
    del azure.hsm["assignmentId"]
    assert service(azure).one(":ManagedHsmRoleAssignment")


@pytest.mark.parametrize(
    "leaves",
    [
        {"encryption": "microsoftManaged", "unbind_account": "lang-language"},
        {"key": {"id": f"{GROUP}/vaults/kv-hub/keys/cmk-hub"}},
    ],
    ids=["unbound", "moved"],
)
def test_an_account_leaves_its_hsm_only_while_that_lets_the_service_in(leaves: dict[str, Any]) -> None:
    """Azure needs the key to take the account off it; a closed HSM is told before anything is written."""
    azure = recorded()
    acls = {"defaultAction": "Deny", "bypass": "AzureServices"}
    azure.hsm |= found(networkAcls=acls)
    service(azure, **leaves)
    acls["bypass"] = "None"
    with pytest.raises(RefusedError, match=r"takes account 'lang-language' away from key /sub.*/keys/cmk"):
        service(azure, **leaves)


def test_a_key_of_an_hsm_is_no_output() -> None:
    """Which resources are made depends on it."""
    with pytest.raises(Exception, match="give its id as plain text"):
        service(key={"id": pulumi.Output.from_input(KEY)})
