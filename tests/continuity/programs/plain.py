"""A program that makes its resources with azure-native itself, and takes the binding from this project."""

import json
from typing import Any

import pulumi
from pulumi_azure_native import authorization, cognitiveservices, keyvault, resources

from components.account_write import key_guard
from components.azure_cmk import CustomerManagedKey, KeyVersion

said: dict[str, Any] = json.loads(pulumi.Config("claims").get("said") or "{}")
login = authorization.get_client_config()
tenant = login.tenant_id
group = resources.ResourceGroup("claims-group", resource_group_name="rg-claims", location="westeurope")
vault_properties: Any = {
    "tenant_id": tenant,
    "sku": {"family": "A", "name": "standard"},
    "enable_soft_delete": True,
    "enable_purge_protection": True,
    "soft_delete_retention_in_days": 90,
    "enable_rbac_authorization": False,
    "public_network_access": "disabled",
    "network_acls": {"bypass": "AzureServices", "default_action": "Deny"},
}
vault = keyvault.Vault(
    "claims-vault",
    resource_group_name=group.name,
    vault_name="kv-claims",
    location="westeurope",
    properties=vault_properties,
)
key = keyvault.Key(
    "claims-key",
    resource_group_name=group.name,
    vault_name=vault.name,
    key_name="cmk-claims",
    properties={"kty": "RSA", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"]},
)
account_args: Any = {
    "kind": "TextAnalytics",
    "sku": {"name": "S"},
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "custom_sub_domain_name": "lang-claims",
        "disable_local_auth": True,
        "public_network_access": "Disabled",
        "network_acls": {"default_action": "Deny"},
    },
}
account = cognitiveservices.Account(
    "claims-account",
    resource_group_name=group.name,
    account_name="lang-claims",
    location="westeurope",
    **account_args,
    tags=said.get("tags"),
    opts=pulumi.ResourceOptions(
        depends_on=[vault],
        ignore_changes=["properties.encryption"] if said.get("ignored", True) else None,
        hooks=key_guard("lang-claims") if said.get("guarded") else None,
    ),
)
grant = keyvault.AccessPolicy(
    "claims-access",
    resource_group_name=group.name,
    vault_name=vault.name,
    policy={
        "object_id": account.identity.principal_id,
        "tenant_id": tenant,
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    },
    opts=pulumi.ResourceOptions(depends_on=[key]),
)
version = KeyVersion("claims-key-version", key_id=pulumi.Output.concat(vault.id, "/keys/", key.name))
CustomerManagedKey(
    "claims-binding",
    account_id=account.id,
    key_uri_with_version=version.key_uri_with_version,
    vault_id=vault.id,
    account_digest=json.dumps(said.get("tags")),
    opts=pulumi.ResourceOptions(depends_on=[grant], deleted_with=account, protect=True),
)
