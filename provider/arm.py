"""Azure through its official clients: each method is one call, in a thread, turned into facts or a failure.

Holds no rule and never waits; the synchronous clients are used because their asynchronous twins would bring
a second HTTP stack for no gain at this number of calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from core import adapters, arm_ids
from core.arm_ids import ArmId
from core.facts import Account, Deleted, Encryption, KeyVersion, PolicyEntry, RoleAssignment, Vault
from provider.azure_calls import Accepted, Principal, Progress
from provider.clients import Clients, ForeignHostError
from provider.failure import NOT_SENT, ServiceError
from provider.managed_hsm import ManagedHsms
from provider.responses import bound_version, failure_from, progress_from, retry_after_from

T = TypeVar("T")


class Arm:
    """Implements `azure_calls.Azure`."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._hsms = ManagedHsms(clients)

    @property
    def answered_at(self) -> float:
        return self._clients.answered_at

    async def account(self, account: ArmId) -> Account | None:
        def call() -> Account:
            client = self._clients.accounts(account.subscription_id)
            return adapters.account(adapters.arm_json(client.accounts.get(account.group, account.name)))

        return await _absent_is_none(call, f"reading the account {account.name}")

    async def bind(self, account: ArmId, encryption: Encryption) -> Accepted:
        def call() -> Accepted:
            from azure.mgmt.cognitiveservices import models  # noqa: PLC0415

            properties = None
            if encryption.key_name:
                properties = models.KeyVaultProperties(
                    key_name=encryption.key_name,
                    key_version=encryption.key_version,
                    key_vault_uri=encryption.key_vault_uri,
                    identity_client_id=encryption.identity_client_id or None,
                )
            wanted = models.Encryption(key_source=encryption.key_source, key_vault_properties=properties)
            body = models.Account(properties=models.AccountProperties(encryption=wanted))
            poller = self._clients.accounts(account.subscription_id).accounts.begin_update(
                account.group, account.name, body, polling=False, cls=lambda raw, *_: raw.http_response
            )
            raw: Any = poller.result()
            headers = raw.headers
            return Accepted(
                headers.get("Azure-AsyncOperation") or headers.get("Location"),
                retry_after_from(headers),
                bound_version(raw),
            )

        return await _in_thread(call, f"changing the encryption of {account.name}")

    async def progress(self, account: ArmId, operation_url: str) -> Progress:
        def call() -> Progress:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

            # The clients have no public way to poll one URL; their own poller would sleep in its thread.
            send = self._clients.accounts(account.subscription_id)._send_request  # noqa: SLF001
            response = send(HttpRequest("GET", operation_url))
            if response.status_code not in (200, 202):
                response.raise_for_status()
            return progress_from(response)

        return await _in_thread(call, f"polling the operation on {account.name}")

    async def vault(self, vault: ArmId) -> Vault | None:
        def call() -> Vault:
            if vault.in_managed_hsm:
                return self._hsms.hsm(vault)
            found = self._clients.vaults(vault.subscription_id).vaults.get(vault.group, vault.name)
            return adapters.vault(adapters.arm_json(found))

        return await _absent_is_none(call, f"reading the vault {vault.name}")

    async def key_version(self, key: ArmId, version: str | None) -> KeyVersion | None:
        def call() -> KeyVersion:
            if key.in_managed_hsm:
                return self._hsms.key_version(key, version)
            keys = self._clients.vaults(key.parent.subscription_id).keys
            place = (key.parent.group, key.parent.name, key.name)
            found = keys.get_version(*place, version) if version else keys.get(*place)
            return adapters.key_version(adapters.arm_json(found))

        return await _absent_is_none(call, f"reading the key {key.name} of {key.parent.name}")

    async def key_versions(self, key: ArmId) -> list[KeyVersion]:
        def call() -> list[KeyVersion]:
            if key.in_managed_hsm:
                return self._hsms.key_versions(key)
            keys = self._clients.vaults(key.parent.subscription_id).keys
            found = keys.list_versions(key.parent.group, key.parent.name, key.name)
            return [adapters.key_version(adapters.arm_json(one)) for one in found]

        return await _in_thread(call, f"listing the versions of the key {key.name} of {key.parent.name}")

    async def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        def call() -> list[RoleAssignment]:
            if arm_ids.in_managed_hsm(scope):
                return self._hsms.role_assignments(scope, principal_id)
            client = self._clients.authorization(arm_ids.subscription_of(scope))
            found = client.role_assignments.list_for_scope(scope, filter=f"assignedTo('{principal_id}')")
            # The filter also lists what the principal has as a member of a group.
            return [
                replace(_with_role(client, adapters.arm_json(one)), principal_id=principal_id)
                for one in found
            ]

        return await _in_thread(call, f"listing the role assignments on {scope}")

    async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        def call() -> list[RoleAssignment]:
            if arm_ids.in_managed_hsm(scope):
                return self._hsms.own_role_assignments(scope, principal_id)
            client = self._clients.authorization(arm_ids.subscription_of(scope))
            found = client.role_assignments.list_for_scope(scope, filter=f"principalId eq '{principal_id}'")
            return [adapters.role_assignment(adapters.arm_json(one)) for one in found]

        return await _in_thread(call, f"listing the role assignments of {principal_id} on {scope}")

    async def remove_policy(self, vault: ArmId, entry: PolicyEntry) -> None:
        def call() -> None:
            from azure.mgmt.keyvault import models  # noqa: PLC0415

            removed = models.AccessPolicyEntry(
                tenant_id=entry.tenant_id,
                object_id=entry.object_id,
                application_id=entry.application_id or None,
                permissions=models.Permissions(keys_property=list(entry.keys)),
            )
            properties = models.VaultAccessPolicyProperties(access_policies=[removed])
            body = models.VaultAccessPolicyParameters(properties=properties)
            client = self._clients.vaults(vault.subscription_id)
            client.vaults.update_access_policy(vault.group, vault.name, "remove", body)

        await _in_thread(call, f"removing the access policy of {entry.object_id} from {vault.name}")

    async def delete_role_assignment(self, assignment_id: str) -> None:
        def call() -> None:
            if arm_ids.in_managed_hsm(assignment_id):
                self._hsms.delete_role_assignment(assignment_id)
            else:
                client = self._clients.authorization(arm_ids.subscription_of(assignment_id))
                client.role_assignments.delete_by_id(assignment_id)

        await _in_thread(call, f"deleting the role assignment {assignment_id}")

    async def assign_hsm_role(self, scope: str, principal_id: str) -> RoleAssignment:
        def call() -> RoleAssignment:
            return self._hsms.assign_role(scope, principal_id)

        return await _in_thread(call, f"assigning the role on {scope} to {principal_id}")

    async def principal(self) -> Principal:
        return await _in_thread(self._clients.principal, "logging in")

    async def live_key_versions(self, vault_uri: str, name: str) -> list[KeyVersion]:
        def call() -> list[KeyVersion]:
            found = self._clients.keys(vault_uri).list_properties_of_key_versions(name)
            return [adapters.key_version_from_vault(properties) for properties in found]

        return await _in_thread(call, f"listing the versions of the key {name} at {vault_uri}")

    async def tag_key_version(self, vault_uri: str, name: str, version: str, tags: dict[str, str]) -> None:
        def call() -> None:
            self._clients.keys(vault_uri).update_key_properties(name, version, tags=tags)

        await _in_thread(call, f"tagging the version {version} of the key {name} at {vault_uri}")

    async def rotate(self, vault_uri: str, name: str) -> KeyVersion:
        def call() -> KeyVersion:
            return adapters.key_version_from_vault(self._clients.keys(vault_uri).rotate_key(name).properties)

        return await _in_thread(call, f"rotating the key {name} at {vault_uri}")

    async def deleted_accounts(self, subscription: str) -> list[Deleted]:
        def call() -> list[Deleted]:
            found = self._clients.accounts(subscription).deleted_accounts.list()
            return [adapters.deleted(adapters.arm_json(one)) for one in found]

        return await _in_thread(call, "listing the deleted accounts")

    async def deleted_vaults(self, subscription: str) -> list[Deleted]:
        def call() -> list[Deleted]:
            found = self._clients.vaults(subscription).vaults.list_deleted()
            return [adapters.deleted(adapters.arm_json(one)) for one in found]

        return await _in_thread(call, "listing the deleted vaults")

    async def ask(
        self, method: str, path: str, api_version: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        def call() -> Mapping[str, Any]:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

            cloud = self._clients.cloud
            query = f"{'&' if '?' in path else '?'}api-version={api_version}"
            here = f"{cloud.resource_manager}{path}{query}"
            url = path if path.startswith("https://") else here
            response = self._clients.questions().send_request(HttpRequest(method, url, json=body))
            response.raise_for_status()
            answer: Mapping[str, Any] = response.json() if response.content else {}
            return answer

        return await _in_thread(call, f"{method} {path.partition('?')[0]}")


def _with_role(client: Any, assignment: Mapping[str, Any]) -> RoleAssignment:
    """The assignment with what its role allows, read where it is no built-in role known to core."""
    found = adapters.role_assignment(assignment)
    if found.role:
        return found
    definition = client.role_definitions.get_by_id(assignment["properties"]["roleDefinitionId"])
    return adapters.role_assignment(assignment, adapters.arm_json(definition))


async def _absent_is_none(call: Callable[[], T], doing: str) -> T | None:
    try:
        return await _in_thread(call, doing)
    except ServiceError as failure:
        if failure.is_absent:
            return None
        raise


async def _in_thread(call: Callable[[], T], doing: str) -> T:
    """Runs a call of the synchronous clients beside the event loop, its errors made ServiceError."""

    def guarded() -> T:
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        try:
            return call()
        except AzureError as error:
            raise failure_from(error, doing) from error
        except ForeignHostError as error:
            raise ServiceError(NOT_SENT, type(error).__name__, str(error), doing) from error

    return await asyncio.to_thread(guarded)
