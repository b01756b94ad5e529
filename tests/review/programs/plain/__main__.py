"""Someone else's program: no component of this project, and a switch for each situation of a review."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi
from pulumi_azure_native import (
    authorization,
    cognitiveservices,
    keyvault,
    monitor,
    resources,
)

say: dict[str, Any] = json.loads(Path("switches.json").read_text())
ROLE = "/providers/Microsoft.Authorization/roleDefinitions/"
ENCRYPTION_USER, CRYPTO_OFFICER = (
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
)
LOCATION = "westeurope"
client = authorization.get_client_config_output()


class Cmk(pulumi.CustomResource):
    """A resource of the azure-cmk provider by its wire names."""

    def __init__(self, kind: str, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            f"azure-cmk:index:{kind}", name, {**dict.fromkeys(("keyUriWithVersion",)), **props}, opts
        )


if say.get("fail"):
    raise RuntimeError("the program itself is wrong")
group = resources.ResourceGroup("group", resource_group_name="rg-plain", location=LOCATION)
network = {"default_action": "Deny", "bypass": "AzureServices"}
vault: Any = None
if say.get("vault", True):
    vault = keyvault.Vault(
        "vault",
        resource_group_name=group.name,
        vault_name=say.get("vaultName", "kv-plain"),
        location=LOCATION,
        properties={
            "tenant_id": client.tenant_id,
            "sku": {"family": "A", "name": "standard"},
            "enable_soft_delete": True,
            "enable_purge_protection": say.get("purge", True),
            "enable_rbac_authorization": say.get("rbac", True),
            "public_network_access": "Enabled",
            "network_acls": network if say.get("firewall", True) else {"default_action": "Allow"},
        },
    )
    if say.get("audit", True):
        monitor.DiagnosticSetting(
            "audit",
            name="audit",
            resource_uri=vault.id,
            storage_account_id=group.id.apply(
                lambda group_id: f"{group_id}/providers/Microsoft.Storage/storageAccounts/stplain"
            ),
            logs=[{"category_group": "audit", "enabled": True}],
        )
keys: dict[str, Any] = {}
for name in say.get("keys", ["key"]) if vault else []:
    keys[name] = keyvault.Key(
        name,
        resource_group_name=group.name,
        vault_name=vault.name,
        key_name=name,
        properties={"kty": "RSA", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"]},
        opts=pulumi.ResourceOptions(ignore_changes=["properties"]),
    )
if say.get("import"):
    keyvault.Vault(
        "imported",
        resource_group_name=group.name,
        vault_name="kv-imported",
        location=LOCATION,
        properties={
            "tenant_id": client.tenant_id,
            "sku": {"family": "A", "name": "standard"},
            "enable_rbac_authorization": True,
            "enable_soft_delete": True,
            "enable_purge_protection": True,
        },
        opts=pulumi.ResourceOptions(
            import_=f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-plain"
            "/providers/Microsoft.KeyVault/vaults/kv-imported"
        ),
    )
if say.get("stranger"):
    authorization.RoleAssignment(
        "stranger",
        role_assignment_name="7f1d5f5e-1111-4222-8333-944455556666",
        scope=vault.id,
        role_definition_id=client.subscription_id.apply(
            lambda subscription: f"/subscriptions/{subscription}{ROLE}{CRYPTO_OFFICER}"
        ),
        principal_id="99999999-9999-4999-8999-999999999999",
        principal_type="User",
    )
account: Any = None
if say.get("account", True):
    account = cognitiveservices.Account(
        say.get("name", "account"),
        resource_group_name=group.name,
        account_name=say.get("accountName", "lang-plain"),
        location=LOCATION,
        kind="TextAnalytics",
        sku={"name": "S"},
        identity={"type": say.get("identity", "SystemAssigned")},
        properties={
            "custom_sub_domain_name": say.get("accountName", "lang-plain"),
            "disable_local_auth": not say.get("localAuth", False),
            "public_network_access": say.get("network", "Disabled"),
            **({"restrict_outbound_network_access": True} if say.get("outbound") else {}),
        },
        tags=say.get("tags", {"team": "nlp"}),
        opts=pulumi.ResourceOptions(
            aliases=[pulumi.Alias(name="account")],
            ignore_changes=["properties.encryption"] if say.get("ignore", True) else None,
        ),
    )
if say.get("bound", True) and keys and account:
    key = keys[say.get("use", "key")]
    grants: list[pulumi.Resource] = []
    if say.get("grant", True):
        role = CRYPTO_OFFICER if say.get("officer") else ENCRYPTION_USER
        principal = cognitiveservices.get_account_output(
            account_name=account.name, resource_group_name=group.name
        ).identity.apply(lambda identity: identity.principal_id if identity else None)
        grants.append(
            authorization.RoleAssignment(
                "grant",
                role_assignment_name="6f1d5f5e-1111-4222-8333-944455556666",
                scope=key.id,
                role_definition_id=client.subscription_id.apply(
                    lambda subscription: f"/subscriptions/{subscription}{ROLE}{role}"
                ),
                principal_id=principal,
                principal_type="ServicePrincipal",
                opts=pulumi.ResourceOptions(deleted_with=account),
            )
        )
    version = Cmk("KeyVersion", "version", {"keyId": key.id}, pulumi.ResourceOptions())
    Cmk(
        "CustomerManagedKey",
        "binding",
        {"accountId": account.id, "keyUriWithVersion": version.keyUriWithVersion, "vaultId": vault.id},  # type: ignore[attr-defined]
        pulumi.ResourceOptions(depends_on=grants, deleted_with=account),
    )
