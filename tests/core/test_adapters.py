"""Facts from Azure's answers: the forms of one answer give one fact."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core import adapters, arm_template, roles
from core.facts import (
    Account,
    Encryption,
    KeyVersion,
    Network,
    PolicyEntry,
    RotationPolicy,
    UserAssignedIdentity,
    Vault,
)

GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg"
VERSION = "0123456789abcdef0123456789abcdef"
USER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"

_HSM = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/managedHSMs/h1"

ACCOUNT: dict[str, Any] = {
    "id": f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang1",
    "name": "lang1",
    "kind": "TextAnalytics",
    "sku": {"name": "S"},
    "location": "West Europe",
    "identity": {
        "type": "SystemAssigned, UserAssigned",
        "principalId": "p-1",
        "tenantId": "t-1",
        "userAssignedIdentities": {USER: {"clientId": "c-2", "principalId": "p-2"}},
    },
    "properties": {
        "provisioningState": "Succeeded",
        "disableLocalAuth": True,
        "restrictOutboundNetworkAccess": True,
        "allowedFqdnList": ["kv1.vault.azure.net"],
        "capabilities": [{"name": "VirtualNetworks"}, {"name": "CustomerManagedKey"}],
        "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]},
        "encryption": {
            "keySource": "Microsoft.KeyVault",
            "keyVaultProperties": {
                "keyVaultUri": "https://KV1.vault.azure.net/",
                "keyName": "cmk",
                "keyVersion": VERSION,
                "identityClientId": "C-2",
            },
        },
    },
}
VAULT: dict[str, Any] = {
    "id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1",
    "name": "kv1",
    "location": "westeurope",
    "properties": {
        "tenantId": "t-1",
        "sku": {"family": "A", "name": "standard"},
        "vaultUri": "https://kv1.vault.azure.net/",
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "accessPolicies": [
            {
                "objectId": "p-1",
                "tenantId": "t-1",
                "applicationId": "a-1",
                "permissions": {"keys": ["wrapKey", "Get"], "secrets": ["get"]},
            }
        ],
        "networkAcls": {"bypass": "None", "defaultAction": "Deny"},
    },
}
KEY: dict[str, Any] = {
    "id": f"{VAULT['id']}/keys/cmk",
    "name": "cmk",
    "tags": {"a": "b"},
    "properties": {
        "attributes": {"enabled": True, "created": 1700000000, "nbf": 1700000001, "exp": 1800000000},
        "kty": "RSA",
        "keySize": 2048,
        "keyOps": ["wrapKey", "unwrapKey"],
        "keyUriWithVersion": f"https://kv1.vault.azure.net/keys/cmk/{VERSION}",
        "rotationPolicy": {
            "attributes": {"expiryTime": "P2Y"},
            "lifetimeActions": [
                {"action": {"type": "Notify"}, "trigger": {"timeBeforeExpiry": "P30D"}},
                {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P18M"}},
            ],
        },
    },
}
ASSIGNMENT: dict[str, Any] = {
    "id": f"{KEY['id']}/providers/Microsoft.Authorization/roleAssignments/ra1",
    "name": "ra1",
    "type": "Microsoft.Authorization/roleAssignments",
    "properties": {
        "scope": KEY["id"],
        "principalId": "p-1",
        "principalType": "ServicePrincipal",
        "roleDefinitionId": roles.CRYPTO_SERVICE_ENCRYPTION_USER.definition_id("s-1"),
        "condition": None,
    },
}


def test_an_account() -> None:
    """Resource Manager's JSON, which azure-native's outputs repeat, is one fact."""
    assert adapters.account(ACCOUNT) == Account(
        id=ACCOUNT["id"],
        name="lang1",
        kind="TextAnalytics",
        sku="S",
        location="West Europe",
        provisioning_state="Succeeded",
        encryption=Encryption("Microsoft.KeyVault", "https://KV1.vault.azure.net/", "cmk", VERSION, "C-2"),
        principal_id="p-1",
        tenant_id="t-1",
        user_assigned=(UserAssignedIdentity(USER, "c-2", "p-2"),),
        capabilities=("VirtualNetworks", "CustomerManagedKey"),
        restricts_outbound=True,
        allowed_fqdns=("kv1.vault.azure.net",),
        local_auth=False,
        network=Network("Enabled", "Deny", "AzureServices", ("1.2.3.4",)),
    )


def test_what_follows_from_an_account_alone() -> None:
    """The identity that uses the key is found by its client id in any casing; the key has one spelling."""
    found = adapters.account(ACCOUNT)
    assert found.key_user == "p-2"
    assert found.principal_for(None) == "p-1"
    assert found.principal_for("c-3") is None
    assert found.encryption.key is not None
    assert found.encryption.key.text == f"https://kv1.vault.azure.net/keys/cmk/{VERSION}"


@pytest.mark.parametrize("encryption", [None, {}, {"keySource": "Microsoft.CognitiveServices"}])
def test_absent_encryption_is_microsofts(encryption: object) -> None:
    """An account made without `encryption` answers none, and is on Microsoft-managed keys."""
    found = adapters.account({**ACCOUNT, "properties": {"encryption": encryption}})
    assert not found.encryption.is_customer_managed
    assert found.encryption.key is None
    assert found.capabilities is None


def test_a_vault() -> None:
    """Permissions are spelt as they are there; what the answer does not say is None."""
    assert adapters.vault(VAULT) == Vault(
        id=VAULT["id"],
        name="kv1",
        uri="https://kv1.vault.azure.net/",
        location="westeurope",
        tenant_id="t-1",
        soft_delete=True,
        purge_protection=True,
        retention_days=90,
        policies=(PolicyEntry("p-1", ("wrapKey", "Get"), "t-1", "a-1", (("secrets", "get"),)),),
        network=Network("Enabled", "Deny", "None"),
        sku="standard",
    )
    bare = adapters.vault({"id": VAULT["id"], "location": "x", "properties": {"tenantId": "t"}})
    assert (bare.soft_delete, bare.purge_protection, bare.retention_days) == (None, None, None)
    assert bare.network.is_open


def test_a_key_version() -> None:
    """Its answer by Resource Manager tells all of it."""
    assert adapters.key_version(KEY) == KeyVersion(
        version=VERSION,
        type="RSA",
        size=2048,
        operations=("wrapKey", "unwrapKey"),
        enabled=True,
        created=1700000000,
        not_before=1700000001,
        expires=1800000000,
        uri=f"https://kv1.vault.azure.net/keys/cmk/{VERSION}",
    )


def test_a_keys_versions_are_oldest_first() -> None:
    """Two versions of one second are told apart by which of them the key calls its current one."""
    older = {"id": f"{KEY['id']}/versions/{'f' * 32}", "properties": {"attributes": {"created": 1700000000}}}
    newer = {"id": f"{KEY['id']}/versions/{VERSION}", "properties": {"attributes": {"created": 1700000000}}}
    found = adapters.key(KEY, [newer, older])
    assert [one.version for one in found.versions] == ["f" * 32, VERSION]
    assert found.rotation == RotationPolicy("P18M", "", "P2Y")
    assert found.version(VERSION.upper()) == found.versions[1]


def test_a_version_from_the_vault_itself() -> None:
    """Its own API tells the modulus in place of a size, and no key material in lists."""
    uri = f"https://kv1.vault.azure.net/keys/cmk/{VERSION}"
    attributes = {"enabled": False, "exp": 1800000000}
    listed = adapters.key_version_from_vault({"kid": uri, "attributes": attributes})
    assert (listed.version, listed.enabled, listed.expires) == (VERSION, False, 1800000000)
    assert (listed.type, listed.size, listed.operations) == (None, None, None)
    material = {"kid": uri, "kty": "RSA", "key_ops": ["wrapKey"], "n": "gA" + "A" * 340}
    whole = adapters.key_version_from_vault({"key": material, "attributes": attributes})
    assert (whole.uri, whole.type, whole.size, whole.operations) == (uri, "RSA", 2048, ("wrapKey",))


def test_a_built_in_role_needs_no_definition() -> None:
    """Its assignment names it."""
    found = adapters.role_assignment(ASSIGNMENT)
    assert (found.scope, found.principal_id, found.condition) == (KEY["id"], "p-1", "")
    assert found.role is roles.CRYPTO_SERVICE_ENCRYPTION_USER
    assert found.role_name == "Key Vault Crypto Service Encryption User"


def test_a_role_of_ones_own_needs_its_definition() -> None:
    """Without it the role is unknown; with it, each of its blocks counts by itself."""
    own = {**ASSIGNMENT, "properties": {**ASSIGNMENT["properties"], "roleDefinitionId": "/x/" + "1" * 8}}
    assert adapters.role_assignment(own).role is None
    definition = {
        "id": f"/providers/Microsoft.Authorization/roleDefinitions/{'1' * 8}",
        "properties": {
            "roleName": "Own",
            "permissions": [
                {"dataActions": ["Microsoft.KeyVault/vaults/*"], "notDataActions": ["*/wrap/action"]},
                {"dataActions": ["Microsoft.KeyVault/vaults/keys/wrap/action"]},
                {"actions": ["Microsoft.KeyVault/*"], "notActions": ["*/delete"]},
            ],
        },
    }
    role = adapters.role_assignment(own, definition).role
    assert role is not None
    assert role.allows_data("Microsoft.KeyVault/vaults/keys/wrap/action")
    assert role.allows("Microsoft.KeyVault/vaults/write")
    assert not role.allows("Microsoft.KeyVault/vaults/delete")


def test_a_managed_hsms_own_assignment_has_a_scope_of_resource_manager() -> None:
    """Its API tells the scope within the HSM."""
    told = {
        "name": "ra1",
        "properties": {"scope": "/keys/cmk", "principalId": "p-1", "roleDefinitionId": "x"},
    }
    found = adapters.local_role_assignment(_HSM, told)
    assert (found.scope, found.principal_id) == (f"{_HSM}/keys/cmk", "p-1")


def test_a_deny_assignment_says_whom_it_spares_and_where_it_applies() -> None:
    """Ids in lower case; its name is that of what it denies; below its scope unless it says otherwise."""
    told = {
        "denyAssignmentName": "no keys",
        "scope": GROUP,
        "principals": [{"id": "P-1"}],
        "excludePrincipals": [{"id": "P-2"}],
        "permissions": [{"dataActions": ["*"]}],
    }
    found = adapters.deny_assignment({"properties": told})
    assert (found.scope, found.principals, found.excluded) == (GROUP, ("p-1",), ("p-2",))
    assert (found.denied.name, found.applies_below) == ("no keys", True)
    assert not adapters.deny_assignment({"properties": {"doNotApplyToChildScopes": True}}).applies_below


@pytest.mark.parametrize(
    ("type", "protection"), [("RSA", "software"), ("rsa-hsm", "hardware (HSM)"), (None, "")]
)
def test_what_protects_a_key_is_known_by_its_type(type: str | None, protection: str) -> None:
    """A type that was not read tells nothing."""
    assert adapters.key({"id": KEY["id"], "properties": {"kty": type}}, []).protection == protection


def test_a_template_takes_nothing_away() -> None:
    """What a template is validated with leaves all that is not in it: Complete would delete it."""
    assert arm_template.properties([])["mode"] == "Incremental"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        (1700000000.0, 1700000000),
        ("2023-11-14T22:13:20Z", 1700000000),
        ("2023-11-14T22:13:20.1234567Z", 1700000000),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), 1700000000),
    ],
)
def test_times_are_seconds(value: object, expected: int | None) -> None:
    """From every form in which Azure and its clients write them."""
    assert adapters.seconds(value) == expected


@pytest.mark.parametrize("value", ["soon", "20x", float("inf"), float("nan")])
def test_fails_for_what_is_no_time(value: object) -> None:
    """A key that expires at a time which nobody can read is not one that never expires."""
    with pytest.raises(ValueError, match=r"soon|20x|inf|nan"):
        adapters.seconds(value)


def test_a_deleted_account_keeps_its_identity() -> None:
    """The principal comes back with the account, so that its grant still counts."""
    found = adapters.deleted(
        {
            "id": "/x/deletedAccounts/lang1",
            "name": "lang1",
            "location": "westeurope",
            "identity": {"principalId": "p-1"},
            "properties": {"deletionDate": "2026-01-01T00:00:00Z"},
        }
    )
    assert (found.principal_id, found.deletion_date, found.scheduled_purge_date) == (
        "p-1",
        "2026-01-01T00:00:00Z",
        None,
    )


@pytest.mark.parametrize(
    ("said", "activated"),
    [
        ({"securityDomainProperties": {"activationStatus": "Active"}}, True),
        ({"securityDomainProperties": {"activationStatus": "NotActivated"}}, False),
        ({"securityDomainProperties": {"activationStatus": "Unknown"}}, None),
        ({"provisioningState": "Activated"}, True),
        ({"provisioningState": "Succeeded"}, None),
    ],
)
def test_a_managed_hsm_is_read_as_a_vault(said: dict[str, object], activated: bool | None) -> None:
    """Soft delete is always on, roles always decide; what is not said of its activation is not made up."""
    properties = {"hsmUri": "https://h1.managedhsm.azure.net/", "enablePurgeProtection": True, **said}
    found = adapters.vault({"id": _HSM, "location": "westus", "properties": properties})
    assert (found.soft_delete, found.purge_protection, found.uses_rbac) == (True, True, True)
    assert (found.noun, found.activated) == ("managed HSM", activated)
