"""The same azure-native resources as the components make, written out as anyone would."""

from __future__ import annotations

import os
from typing import Any, cast

import pulumi
from pulumi_azure_native import (
    authorization,
    cognitiveservices,
    keyvault,
    monitor,
    operationalinsights,
    resources,
)

tenant = authorization.get_client_config_output().tenant_id

for number in range(int(os.environ["SERVICES"])):
    name = f"bench-{number:03}"
    group = resources.ResourceGroup(f"{name}-group", resource_group_name=f"rg-{name}", location="westeurope")
    vault = keyvault.Vault(
        f"{name}-vault",
        resource_group_name=group.name,
        location="westeurope",
        vault_name=f"kv-{name}",
        properties=keyvault.VaultPropertiesArgs(
            tenant_id=tenant,
            sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
            enable_purge_protection=True,
        ),
    )
    key = keyvault.Key(
        f"{name}-key",
        resource_group_name=group.name,
        vault_name=vault.name,
        key_name="cmk",
        properties=keyvault.KeyPropertiesArgs(kty="RSA", key_size=2048, key_ops=["wrapKey", "unwrapKey"]),
    )
    account = cognitiveservices.Account(
        f"{name}-account",
        resource_group_name=group.name,
        location="westeurope",
        account_name=f"lang-{name}",
        kind="TextAnalytics",
        sku=cognitiveservices.SkuArgs(name="S"),
        identity=cognitiveservices.IdentityArgs(type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED),
        properties=cognitiveservices.AccountPropertiesArgs(custom_sub_domain_name=f"lang-{name}"),
    )
    principal = cast("Any", account.identity).apply(
        lambda identity: identity.principal_id if identity else ""
    )
    access = keyvault.AccessPolicy(
        f"{name}-access",
        resource_group_name=group.name,
        vault_name=vault.name,
        policy=keyvault.AccessPolicyEntryArgs(
            object_id=principal,
            tenant_id=tenant,
            permissions=keyvault.PermissionsArgs(keys=["get", "wrapKey", "unwrapKey"]),
        ),
    )
    version = pulumi.CustomResource(
        "azure-cmk:index:KeyVersion", f"{name}-version", {"keyId": key.id, "keyUriWithVersion": None}
    )
    pulumi.CustomResource(
        "azure-cmk:index:CustomerManagedKey",
        f"{name}-binding",
        {"accountId": account.id, "keyUriWithVersion": version.keyUriWithVersion},  # type: ignore[attr-defined]
        pulumi.ResourceOptions(depends_on=[access]),
    )
    workspace = operationalinsights.Workspace(
        f"{name}-workspace",
        resource_group_name=group.name,
        location="westeurope",
        workspace_name=f"log-{name}",
    )
    for audited, id in (("vault", vault.id), ("account", account.id)):
        monitor.DiagnosticSetting(
            f"{name}-{audited}-audit",
            name="audit",
            resource_uri=id,
            workspace_id=workspace.id,
            logs=[monitor.DiagnosticsLogSettingsArgs(category_group="audit", enabled=True)],
        )
