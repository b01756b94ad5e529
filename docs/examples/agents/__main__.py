"""Foundry's agents in their standard setup: the account, and each store of their data, under its own key.

In a clone: `pulumi -C docs/examples/agents up`. docs/agents.md says what a revocation of each key stops, and
what a private network needs besides.
"""

import sys
from pathlib import Path

# It uses the clone's own parts.
sys.path[0] = str(Path(__file__).resolve().parents[3])

import pulumi
from pulumi_azure_native import (
    authorization,
    cognitiveservices,
    cosmosdb,
    managedidentity,
    monitor,
    resources,
    storage,
)

from components.azure_native import AzureResource
from components.resources.key import EncryptionKey
from components.resources.vault import KeyVault
from components.service import EncryptedAIServicesAccount
from core import arm_ids

NAME, LOCATION = "agents", "westeurope"
ROLES = {
    "key-user": "e147488a-f6f5-4113-8e2d-b22465e65bf6",  # Key Vault Crypto Service Encryption User
    "cosmos-operator": "230815da-be43-4aae-9cb4-875f7bd000aa",  # Cosmos DB Operator
    "storage-contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",  # Storage Account Contributor
    "blob-owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",  # Storage Blob Data Owner
    "search-contributor": "7ca78c08-252a-4471-8644-bb5ff32d4ba0",  # Search Service Contributor
    "index-contributor": "8ebe5a00-799e-43f5-93ac-243d3dce84a7",  # Search Index Data Contributor
}
DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"  # Cosmos DB Built-in Data Contributor
# The API version that has a key of the service's own. By the SDK's, each index names its key, and agents,
# which make their indexes themselves, name none.
SEARCH = "azure-native:search/v20260301preview:Service"

client = authorization.get_client_config()
protected = pulumi.ResourceOptions(protect=pulumi.Config().get_bool("protect"))


def after(*made: pulumi.Resource) -> pulumi.ResourceOptions:
    """The options of what is protected, and comes after others."""
    return pulumi.ResourceOptions.merge(protected, pulumi.ResourceOptions(depends_on=[*made]))


def assign(
    name: str, role: str, scope: pulumi.Output[str], principal_id: pulumi.Output[str]
) -> authorization.RoleAssignment:
    """Gives an identity a role of Azure's."""
    definitions = f"/subscriptions/{client.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    return authorization.RoleAssignment(
        f"{name}-{role}",
        scope=scope,
        principal_id=principal_id,
        principal_type="ServicePrincipal",  # Azure then takes an identity that is not everywhere yet
        role_definition_id=f"{definitions}/{ROLES[role]}",
    )


group = resources.ResourceGroup(f"{NAME}-group", resource_group_name=f"rg-{NAME}", location=LOCATION)
place = {"resource_group_name": group.name, "location": LOCATION}
vault = KeyVault(NAME, {**place, "tenant_id": client.tenant_id, "access_model": "rbac"}, protected)


class StoreKey:
    """A key for one store, so that it can be revoked by itself, and an identity that uses no other.

    A user-assigned identity has its role before the store exists, which is so made under its key.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions = protected) -> None:
        key_id = EncryptionKey(name, {"vault_id": vault.vault_id}, opts).key_id
        identity = managedidentity.UserAssignedIdentity(f"{name}-identity", **place)
        self.name, self.identity_id = key_id.apply(arm_ids.name_of), identity.id
        self.role = assign(name, "key-user", key_id, identity.principal_id)


def allow_four_operations(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """AI Search asks for four operations of its key, of which `EncryptionKey` allows two."""
    if ":keyvault" not in args.type_:
        return None
    properties = {**args.props["properties"], "keyOps": ["wrapKey", "unwrapKey", "encrypt", "decrypt"]}
    return pulumi.ResourceTransformationResult({**args.props, "properties": properties}, args.opts)


# What agents are told. The stores follow their keys' rotations by themselves, because none names a version.
threads_key = StoreKey(f"{NAME}-threads")
threads = cosmosdb.DatabaseAccount(
    f"{NAME}-threads",
    kind="GlobalDocumentDB",
    database_account_offer_type="Standard",
    locations=[{"location_name": LOCATION, "failover_priority": 0}],
    identity={"type": "UserAssigned", "user_assigned_identities": [threads_key.identity_id]},
    default_identity=pulumi.Output.concat("UserAssignedIdentity=", threads_key.identity_id),
    key_vault_key_uri=pulumi.Output.concat(vault.vault_uri, "keys/", threads_key.name),
    disable_local_auth=True,
    opts=after(threads_key.role),
    **place,
)
# The files that they are given.
files_key = StoreKey(f"{NAME}-files")
files = storage.StorageAccount(
    f"{NAME}files",
    kind="StorageV2",
    sku={"name": "Standard_ZRS"},
    identity={"type": "UserAssigned", "user_assigned_identities": [files_key.identity_id]},
    encryption={
        "key_source": "Microsoft.Keyvault",
        "key_vault_properties": {"key_vault_uri": vault.vault_uri, "key_name": files_key.name},
        "encryption_identity": {"encryption_user_assigned_identity": files_key.identity_id},
    },
    allow_blob_public_access=False,
    allow_shared_key_access=False,
    opts=after(files_key.role),
    **place,
)
# The vectors that they make of these.
four = pulumi.ResourceOptions(transformations=[allow_four_operations])
vectors_key = StoreKey(f"{NAME}-vectors", pulumi.ResourceOptions.merge(protected, four))
identity = {
    "odataType": "#Microsoft.Azure.Search.DataUserAssignedIdentity",
    "userAssignedIdentity": vectors_key.identity_id,
}
service_key = {"keyVaultUri": vault.vault_uri, "keyVaultKeyName": vectors_key.name, "identity": identity}
search = {
    "resourceGroupName": group.name,
    "location": LOCATION,
    "sku": {"name": "standard"},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [vectors_key.identity_id]},
    "encryptionWithCmk": {"enforcement": "Enabled", "serviceLevelEncryptionKey": service_key},
    "disableLocalAuth": True,
}
vectors = AzureResource(SEARCH, f"{NAME}-vectors", search, after(vectors_key.role))

# The account's key stays in its vault.
account_key = EncryptionKey(f"{NAME}-account", {"vault_id": vault.vault_id}, protected)
service = EncryptedAIServicesAccount(
    NAME,
    {
        "location": LOCATION,
        "existing_resource_group_name": group.name,
        "kind": "AIServices",
        "access_model": "rbac",
        "key": {"id": account_key.key_id},
        "allow_project_management": True,
        "deployments": [{"name": "chat", "model": "gpt-4o-mini"}],
        "network": {"access": "open"},
    },
    protected,
)
monitor.DiagnosticSetting(
    f"{NAME}-vault-audit",
    name=f"{NAME}-audit",
    resource_uri=vault.vault_id,
    workspace_id=service.workspace_id,
    logs=[{"category": "AuditEvent", "enabled": True}],
)

# Azure takes one write below an account at a time, so each comes after the one before it.
account = {"resource_group_name": group.name, "account_name": service.bound.apply(arm_ids.name_of)}
project = cognitiveservices.Project(
    f"{NAME}-project",
    project_name="support",
    location=LOCATION,
    identity={"type": "SystemAssigned"},
    properties={},
    opts=after(service),
    **account,
)
agent = project.identity.principal_id
inside = {**account, "project_name": project.id.apply(arm_ids.name_of)}
cosmos_host, blob_host, search_host = (
    ".documents.azure.com:443/",
    ".blob.core.windows.net/",
    ".search.windows.net",
)
latest: pulumi.Resource = project
roles: list[pulumi.Resource] = []
for name, category, store, host, wanted in (
    ("threads", "CosmosDB", threads, cosmos_host, ["cosmos-operator"]),
    ("files", "AzureStorageAccount", files, blob_host, ["storage-contributor", "blob-owner"]),
    ("vectors", "CognitiveSearch", vectors, search_host, ["search-contributor", "index-contributor"]),
):
    roles += [assign(f"{NAME}-{name}", role, store.id, agent) for role in wanted]
    latest = cognitiveservices.ProjectConnection(
        f"{NAME}-{name}",
        connection_name=name,
        properties=cognitiveservices.AADAuthTypeConnectionPropertiesArgs(
            auth_type="AAD",
            category=category,
            target=pulumi.Output.concat("https://", store.name, host),
            metadata={"ApiType": "Azure", "ResourceId": store.id, "location": LOCATION},
        ),
        opts=pulumi.ResourceOptions(depends_on=[latest]),
        **inside,
    )
account_host = cognitiveservices.AccountCapabilityHost(
    f"{NAME}-host",
    capability_host_name=NAME,
    capability_host_properties={"capability_host_kind": "Agents"},
    opts=pulumi.ResourceOptions(depends_on=[latest]),
    **account,
)
# Azure changes no capability host: with other stores it is made again, and agents lose what they had.
project_host = cognitiveservices.ProjectCapabilityHost(
    f"{NAME}-project-host",
    capability_host_name=NAME,
    project_capability_host_properties={
        "capability_host_kind": "Agents",
        "thread_storage_connections": ["threads"],
        "storage_connections": ["files"],
        "vector_store_connections": ["vectors"],
    },
    opts=after(account_host, *roles),
    **inside,
)
# A role of Cosmos DB's own, in the database that the capability host makes.
cosmosdb.SqlResourceSqlRoleAssignment(
    f"{NAME}-threads-data",
    resource_group_name=group.name,
    account_name=threads.name,
    principal_id=agent,
    role_definition_id=pulumi.Output.concat(threads.id, "/sqlRoleDefinitions/", DATA_CONTRIBUTOR),
    scope=pulumi.Output.concat(threads.id, "/dbs/enterprise_memory"),
    opts=pulumi.ResourceOptions(depends_on=[project_host]),
)
pulumi.export("endpoint", service.endpoint)
pulumi.export("keyUriWithVersion", service.key_uri_with_version)
