"""Property bags that every rule on one resource lets pass, and how a test changes one thing in them."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from tests.policies.asking import NOW, TENANT, VERSION


def with_change(props: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a bag with one value set at a dotted path; `...` takes the key away."""
    changed: dict[str, Any] = copy.deepcopy(dict(props))
    *parents, last = path.split(".")
    where = changed
    for parent in parents:
        where = where.setdefault(parent, {})
    if value is ...:
        where.pop(last, None)
    else:
        where[last] = value
    return changed


def with_changes(props: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with several values set, each at its path."""
    changed = dict(props)
    for path, value in changes.items():
        changed = with_change(changed, path, value)
    return changed


def vault_props() -> dict[str, Any]:
    """A vault that every rule on one resource lets pass."""
    return {
        "resourceGroupName": "rg",
        "vaultName": "kv-one",
        "location": "westeurope",
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enablePurgeProtection": True,
            "enableRbacAuthorization": False,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
        },
    }


def key_props() -> dict[str, Any]:
    """A key that every rule lets pass."""
    return {
        "resourceGroupName": "rg",
        "vaultName": "kv-one",
        "keyName": "cmk",
        "properties": {
            "kty": "RSA",
            "keySize": 2048,
            "keyOps": ["wrapKey", "unwrapKey"],
            "attributes": {"enabled": True, "expires": NOW + 86_400 * 400},
            "rotationPolicy": {
                "attributes": {"expiryTime": "P2Y"},
                "lifetimeActions": [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P18M"}}],
            },
        },
    }


def account_props() -> dict[str, Any]:
    """An account, in its first phase, that every rule on one resource lets pass."""
    return {
        "resourceGroupName": "rg",
        "accountName": "lang-one",
        "location": "westeurope",
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"disableLocalAuth": True, "publicNetworkAccess": "Disabled"},
    }


def inline_account_props() -> dict[str, Any]:
    """An account that is bound in its create, with a user-assigned identity."""
    props = account_props()
    props["identity"] = {"type": "UserAssigned", "userAssignedIdentities": ["/subscriptions/s/identity"]}
    props["properties"]["encryption"] = {
        "keySource": "Microsoft.KeyVault",
        "keyVaultProperties": {
            "keyVaultUri": "https://kv-one.vault.azure.net/",
            "keyName": "cmk",
            "keyVersion": VERSION,
            "identityClientId": "33333333-3333-3333-3333-333333333333",
        },
    }
    return props


def policy_props() -> dict[str, Any]:
    """The grant that an account needs, as an access policy."""
    return {
        "resourceGroupName": "rg",
        "vaultName": "kv-one",
        "policy": {
            "objectId": "44444444-4444-4444-4444-444444444444",
            "tenantId": TENANT,
            "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
        },
    }


VAULT_ID: Final = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one"
ENCRYPTION_USER: Final = (
    "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
)


def role_props() -> dict[str, Any]:
    """The grant that an account needs, as a role assignment."""
    return {
        "scope": f"{VAULT_ID}/keys/cmk",
        "roleDefinitionId": ENCRYPTION_USER,
        "principalId": "44444444-4444-4444-4444-444444444444",
        "principalType": "ServicePrincipal",
    }
