"""A sound service of plain azure-native resources and our binding, in the shape that shape.json asks for.

`prefix` is put before every name, with an alias of the former name; `component` moves all below a component,
with aliases; `without` leaves resources out; `imports` are ids of
resources to import; `sku` and `tags` are the
account's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi_azure_native import (
    authorization,
    cognitiveservices,
    keyvault,
    monitor,
    operationalinsights,
    resources,
)

from components.azure_cmk import CustomerManagedKey, KeyVersion

SHAPE: dict[str, Any] = json.loads(Path("shape.json").read_text())
PREFIX, LEFT_OUT, IMPORTS = SHAPE.get("prefix", ""), SHAPE.get("without", []), SHAPE.get("imports", {})
TENANT = authorization.get_client_config().tenant_id
PARENT = pulumi.ComponentResource("shop:index:Service", "service") if SHAPE.get("component") else None


def options(name: str, **more: Any) -> pulumi.ResourceOptions:
    """The options of a resource: its former place as an alias, and what is said."""
    former = pulumi.Alias(name=name, parent=pulumi.ROOT_STACK_RESOURCE)
    moved = [former] if PREFIX or PARENT else []
    return pulumi.ResourceOptions(parent=PARENT, aliases=moved, import_=IMPORTS.get(name), **more)


group = resources.ResourceGroup(
    f"{PREFIX}group", resource_group_name="rg-shaped", location="westeurope", opts=options("group")
)
vault = keyvault.Vault(
    f"{PREFIX}vault",
    resource_group_name=group.name,
    vault_name="kv-shaped",
    location="westeurope",
    properties=keyvault.VaultPropertiesArgs(
        tenant_id=TENANT,
        sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
        enable_soft_delete=True,
        enable_purge_protection=True,
        soft_delete_retention_in_days=90,
        network_acls=keyvault.NetworkRuleSetArgs(bypass="AzureServices", default_action="Allow"),
        public_network_access="Enabled",
    ),
    opts=options("vault"),
)
key = keyvault.Key(
    f"{PREFIX}key",
    resource_group_name=group.name,
    vault_name=vault.name,
    key_name="cmk",
    properties=keyvault.KeyPropertiesArgs(kty="RSA", key_size=2048, key_ops=["wrapKey", "unwrapKey"]),
    opts=options("key"),
)
account = cognitiveservices.Account(
    f"{PREFIX}account",
    resource_group_name=group.name,
    account_name="lang-shaped",
    kind="TextAnalytics",
    location="westeurope",
    tags=SHAPE.get("tags"),
    identity=cognitiveservices.IdentityArgs(type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED),
    sku=cognitiveservices.SkuArgs(name=SHAPE.get("sku", "S")),
    properties=cognitiveservices.AccountPropertiesArgs(
        custom_sub_domain_name="lang-shaped", disable_local_auth=True, public_network_access="Enabled"
    ),
    opts=options("account", ignore_changes=["properties.encryption"], depends_on=[vault]),
)
grants = [
    keyvault.AccessPolicy(
        f"{PREFIX}{name}",
        resource_group_name=group.name,
        vault_name=vault.name,
        policy=keyvault.AccessPolicyEntryArgs(
            object_id=account.identity.apply(lambda identity: identity.principal_id if identity else ""),
            tenant_id=TENANT,
            permissions=keyvault.PermissionsArgs(keys=["get", "wrapKey", "unwrapKey"]),
        ),
        opts=options(name),
    )
    for name in ("grant",)
    if name not in LEFT_OUT
]
version = KeyVersion(f"{PREFIX}version", key_id=key.id, opts=options("version"))
if "binding" not in LEFT_OUT:
    CustomerManagedKey(
        f"{PREFIX}binding",
        account_id=account.id,
        key_uri_with_version=version.key_uri_with_version,
        vault_id=vault.id,
        opts=options("binding", depends_on=grants, protect=not SHAPE.get("unprotected")),
    )
workspace = operationalinsights.Workspace(
    f"{PREFIX}workspace",
    resource_group_name=group.name,
    workspace_name="log-shaped",
    location="westeurope",
    opts=options("workspace"),
)
if "audit" not in LEFT_OUT:
    monitor.DiagnosticSetting(
        f"{PREFIX}audit",
        name="audit",
        resource_uri=vault.id,
        workspace_id=workspace.id,
        logs=[monitor.DiagnosticsLogSettingsArgs(category="AuditEvent", enabled=True)],
        opts=options("audit"),
    )
