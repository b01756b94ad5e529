"""A client program on every asynchronous SDK; prints what it saw, as JSON.

It runs in a process of its own, since aiohttp reads SSL_CERT_FILE only once, when it is imported.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterable
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.keys.crypto import EncryptionAlgorithm, KeyWrapAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient
from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.cognitiveservices.aio import CognitiveServicesManagementClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.monitor.aio import MonitorManagementClient
from azure.mgmt.msi.aio import ManagedServiceIdentityClient
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient

PLACE = "westeurope"


async def live(name: str, deployer: str) -> dict[str, Any]:
    """The ordinary life of everything in a resource group of this name."""
    subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
    async with DefaultAzureCredential() as credential:
        clients: list[Any] = [
            kind(credential, subscription, polling_interval=0)
            for kind in (
                ResourceManagementClient,
                ManagedServiceIdentityClient,
                AuthorizationManagementClient,
                MonitorManagementClient,
                NetworkManagementClient,
                KeyVaultManagementClient,
                CognitiveServicesManagementClient,
            )
        ]
        resources, identities, roles, monitor, network, vaults, accounts = clients
        try:
            group = await resources.resource_groups.create_or_update(name, {"location": PLACE})
            seen = {
                "identity": await identity(identities.user_assigned_identities, roles, name, group.id),
                "network": await networks(network.virtual_networks, name),
                "alert": await action_group(monitor.action_groups, name),
            }
            account = await made_account(accounts.accounts, name)
            vault = await made_vault(vaults.vaults, name, deployer, account.identity.principal_id)
            async with KeyClient(vault.properties.vault_uri, credential) as keys:
                seen["keys"] = await crypto(keys, credential)
                protect = {"properties": {"enablePurgeProtection": True}}
                protected = await vaults.vaults.update(name, name, protect)
                seen["protected"] = protected.properties.enable_purge_protection
                seen["bound"] = await bound(accounts.accounts, keys, name)
            seen["account"] = await account_end(accounts, name)
            seen["vault"] = await vault_end(vaults.vaults, name, deployer)
            await (await resources.resource_groups.begin_delete(name)).result()
            seen["group"] = await resources.resource_groups.check_existence(name)
            return seen
        finally:
            await asyncio.gather(*(client.close() for client in clients))


async def identity(identities: Any, roles: Any, group: str, scope: str) -> list[Any]:
    """An identity and its role: made, changed, listed, taken away."""
    made = await identities.create_or_update(group, "id", {"location": PLACE})
    changed = await identities.update(group, "id", {"location": PLACE, "tags": {"a": "b"}})
    found = [role async for role in roles.role_definitions.list(scope, filter="roleName eq 'Reader'")]
    body = {"role_definition_id": found[0].id, "principal_id": made.principal_id}
    role = await roles.role_assignments.create(scope, str(uuid.uuid4()), body)
    listed = [row.id async for row in roles.role_assignments.list_for_scope(scope)]
    await roles.role_assignments.delete_by_id(role.id)
    await identities.delete(group, "id")
    left = await names(identities.list_by_resource_group(group))
    return [changed.tags, role.id in listed, left]


async def networks(found: Any, group: str) -> list[Any]:
    """A network: made, tagged, listed, deleted."""
    body = {"location": PLACE, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    made = await (await found.begin_create_or_update(group, "vnet", body)).result()
    tagged = await found.update_tags(group, "vnet", {"tags": {"a": "b"}})
    listed = await names(found.list(group))
    await (await found.begin_delete(group, "vnet")).result()
    return [made.properties.provisioning_state, tagged.tags, listed, await names(found.list(group))]


async def action_group(found: Any, group: str) -> list[Any]:
    """Whom alerts are told: made, listed, deleted."""
    body = {"location": "global", "properties": {"groupShortName": "ops", "enabled": True}}
    await found.create_or_update(group, "ops", body)
    listed = await names(found.list_by_resource_group(group))
    await found.delete(group, "ops")
    return [listed, await names(found.list_by_resource_group(group))]


async def made_account(found: Any, name: str) -> Any:
    """An account with an identity, once it is ready."""
    body = {
        "location": PLACE,
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": name},
    }
    return await (await found.begin_create(name, name, body)).result()


async def made_vault(found: Any, name: str, deployer: str, user: str) -> Any:
    """A vault that lets the deployer do everything and a user the needful."""
    return await (await found.begin_create_or_update(name, name, vault_body(deployer, user))).result()


def vault_body(deployer: str, *users: str, **more: Any) -> Any:
    """A vault's body with its access policies."""
    tenant = os.environ["AZURE_TENANT_ID"]
    held = {deployer: ["all", "purge"], **{user: ["get", "wrapKey", "unwrapKey"] for user in users}}
    properties = {
        "tenantId": tenant,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": False,
        "accessPolicies": [
            {"tenantId": tenant, "objectId": who, "permissions": {"keys": keys}} for who, keys in held.items()
        ],
        **more,
    }
    return {"location": PLACE, "properties": properties}


async def crypto(keys: KeyClient, credential: Any) -> list[Any]:
    """Keys: made, changed, listed page by page, used, deleted, recovered, purged."""
    for name in ("one", "two"):
        await keys.create_rsa_key(name, size=2048)
    await keys.update_key_properties("one", tags={"a": "b"})
    listed = await names(keys.list_properties_of_keys(max_page_size=1))
    key = await keys.get_key("one")
    async with CryptographyClient(key, credential) as client:
        wrapped = await client.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"0" * 32)
        opened = await client.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key)
        hidden = await client.encrypt(EncryptionAlgorithm.rsa_oaep_256, b"text")
        shown = await client.decrypt(EncryptionAlgorithm.rsa_oaep_256, hidden.ciphertext)
    await keys.delete_key("two")
    deleted = await names(keys.list_deleted_keys())
    await keys.recover_deleted_key("two")
    back = await keys.get_key("two")
    await keys.delete_key("two")
    await keys.purge_deleted_key("two")
    left = await names(keys.list_deleted_keys())
    used = opened.key == b"0" * 32 and shown.plaintext == b"text"
    return [listed, key.properties.tags, used, deleted, back.name, left]


async def bound(found: Any, keys: KeyClient, name: str) -> list[Any]:
    """The account on a key and, after a rotation, on its next version."""
    seen = []
    for act in (keys.get_key, keys.rotate_key):
        version = (await act("one")).properties.version
        target = {"keyName": "one", "keyVersion": version, "keyVaultUri": keys.vault_url}
        encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}
        account = await (
            await found.begin_update(name, name, {"properties": {"encryption": encryption}})
        ).result()
        seen.append(account.properties.encryption.key_vault_properties.key_version == version)
    return [*seen, await names(found.list_by_resource_group(name))]


async def account_end(client: Any, name: str) -> list[Any]:
    """The account deleted, restored, deleted and purged."""
    await (await client.accounts.begin_delete(name, name)).result()
    restore = {"location": PLACE, "properties": {"restore": True}}
    back = await (await client.accounts.begin_create(name, name, restore)).result()
    await (await client.accounts.begin_delete(name, name)).result()
    deleted = await names(client.deleted_accounts.list())
    await (await client.deleted_accounts.begin_purge(PLACE, name, name)).result()
    return [back.properties.provisioning_state, name in deleted, await gone(client.deleted_accounts, name)]


async def gone(deleted: Any, name: str) -> bool:
    """Whether a soft-deleted account is none any more."""
    try:
        await deleted.get(PLACE, name, name)
    except ResourceNotFoundError:
        return True
    return False


async def vault_end(found: Any, name: str, deployer: str) -> list[Any]:
    """The vault deleted and recovered, and another one, without protection, purged."""
    await found.delete(name, name)
    recover = vault_body(deployer, createMode="recover")
    back = await (await found.begin_create_or_update(name, name, recover)).result()
    other = f"{name}x"
    await (await found.begin_create_or_update(name, other, vault_body(deployer))).result()
    await found.delete(name, other)
    deleted = await names(found.list_deleted())
    await (await found.begin_purge_deleted(other, PLACE)).result()
    left = await names(found.list_deleted())
    return [len(back.properties.access_policies), other in deleted, other in left]


async def names(rows: AsyncIterable[Any]) -> list[str]:
    """The names of what a list has."""
    return [str(row.name) async for row in rows]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(live(*sys.argv[1:]))))
