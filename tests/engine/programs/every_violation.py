"""A program that breaks every mandatory rule of the policy pack in one preview."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import authorization, cognitiveservices, keyvault, resources

from components.azure_cmk import CustomerManagedKey

TENANT, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
VERSION = "0123456789abcdef0123456789abcdef"
KEY_USE = ["get", "wrapKey", "unwrapKey"]

group = resources.ResourceGroup("group", resource_group_name="rg", location="westeurope")


def bag(**values: Any) -> Any:
    """Properties as the engine takes them, in any of the SDK's types."""
    return values


def vault(name: str, **properties: Any) -> keyvault.Vault:
    return keyvault.Vault(
        name,
        resource_group_name=group.name,
        vault_name=f"kv-{name}",
        location="northeurope",
        properties=bag(tenantId=TENANT, sku={"family": "A", "name": "standard"}, **properties),
    )


def account(name: str, **inputs: Any) -> cognitiveservices.Account:
    sound: dict[str, Any] = {"identity": {"type": "SystemAssigned"}, "sku": {"name": "S"}, "properties": {}}
    return cognitiveservices.Account(
        name,
        resource_group_name=group.name,
        account_name=f"lang-{name}",
        kind="TextAnalytics",
        location="westeurope",
        **{**sound, **inputs},
    )


def policy(name: str, of: keyvault.Vault, object_id: pulumi.Input[str], tenant: str, keys: list[str]) -> None:
    keyvault.AccessPolicy(
        name,
        resource_group_name=group.name,
        vault_name=of.name,
        policy=bag(objectId=object_id, tenantId=tenant, permissions={"keys": keys}),
    )


def binding(name: str, of: cognitiveservices.Account, inside: keyvault.Vault) -> None:
    uri = f"https://kv-sound.vault.azure.net/keys/cmk/{VERSION}"
    args = {"account_id": of.id, "key_uri_with_version": uri, "vault_id": inside.id}
    CustomerManagedKey(name, **args)


# Rules on one resource.
loose = vault(
    "loose",
    enableSoftDelete=False,
    enableRbacAuthorization=True,
    networkAcls={"bypass": "None", "defaultAction": "Deny"},
    accessPolicies=[{"objectId": OTHER, "tenantId": TENANT, "permissions": {"keys": ["all"]}}],
)
keyvault.Key(
    "key",
    resource_group_name=group.name,
    vault_name=loose.name,
    key_name="cmk",
    properties=bag(kty="RSA", keySize=3072, attributes={"enabled": False}),
)
authorization.RoleAssignment(
    "role",
    scope="/subscriptions/00000000-0000-0000-0000-000000000000",
    role_definition_id="/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6",
    principal_id=OTHER,
)
account(
    "loose-account",
    identity={"type": "None"},
    sku={"name": "F0"},
    properties={
        "restrictOutboundNetworkAccess": True,
        "encryption": {
            "keySource": "Microsoft.KeyVault",
            "keyVaultProperties": {"keyName": "cmk", "keyVaultUri": "https://kv-loose.vault.azure.net"},
        },
    },
)

# Rules on the stack: policies listed and apart, of another tenant; accounts unbound, bound without a grant,
# and bound elsewhere without waiting for the grant, by two writers.
policy("mixed", loose, OTHER, OTHER, ["get"])
account("unbound")
sound = vault("sound", enableSoftDelete=True, enablePurgeProtection=True)
ungranted, hasty = account("ungranted"), account("hasty")
binding("ungranted-binding", ungranted, sound)
policy("grant", sound, hasty.identity.principal_id, TENANT, KEY_USE)
binding("hasty-binding", hasty, sound)
cognitiveservices.Project(
    "early-project", account_name=hasty.name, resource_group_name=group.name, project_name="claims"
)
