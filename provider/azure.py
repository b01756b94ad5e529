"""Azure, one question or change a method: each runs in a thread and gives facts, or raises a ServiceError.

Holds no rule. `Azure` never waits; `retrying` and `Retries` ask again where that may help. The keys and roles
of a managed HSM are on its own API: Resource Manager shows the keys only to an identity that has a role in
the HSM, and the roles to nobody (learn.microsoft.com/azure/key-vault/managed-hsm/access-control).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from core import adapters, arm_ids, key_uris
from core.api_versions import ACCOUNTS, AUTHORIZATION, DEPLOYMENTS, IDENTITIES, KEYS, UPGRADES, VAULTS
from core.arm_ids import ArmId
from core.facts import Account, Deleted, Encryption, KeyVersion, PolicyEntry, RoleAssignment, Upgrade, Vault
from core.refusals import RefusalKind
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER, hsm_assignment_name
from provider.azure_client import AzureClient, ForeignHostError, Json, Principal, import_packages
from provider.errors import service_message
from provider.failure import NOT_SENT, Accepted, Progress, ServiceError, failure_from
from provider.waiting import Clock, DeadlineError, Waiter

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

T = TypeVar("T")


class Azure:
    """Resource Manager and Key Vault as this provider needs them. Scopes in a managed HSM are ARM ids.

    Every method makes one request (a list: one per page), never retries, and raises ServiceError. Those that
    read one thing answer None for what is absent.
    """

    def __init__(self, client: AzureClient) -> None:
        self._client = client

    @property
    def answered_at(self) -> float:
        """The time of the last answer by Azure's own clock, in seconds since 1970; 0 before the first."""
        return self._client.answered_at

    def close(self) -> None:
        """Closes the connections; later calls fail."""
        self._client.close()

    async def principal(self) -> Principal:
        """Who is logged in."""
        return await _in_thread(self._client.principal, "logging in")

    async def ask(self, method: str, path: str, api_version: str, body: Json | None = None) -> Json:
        """A question to Resource Manager that writes nothing, as JSON."""
        return await self._json(method, _of(path, api_version), body)

    async def validate(self, path: str, body: Json) -> Accepted:
        """Has a template validated, which writes nothing; its operation where that takes a while."""
        answer = await self._send("POST", _of(f"{path}/validate", DEPLOYMENTS), body)
        return Accepted(answer.headers.get("Location") if answer.status_code == 202 else None)

    async def listed(self, path: str, api_version: str) -> list[Json]:
        """All pages of a list of Resource Manager, as JSON."""
        return await self._list(_of(path, api_version))

    async def account(self, account: ArmId) -> Account | None:
        """An account. If the client id by which it uses its key is its own, the answer has none."""
        found = await self._found(_of(account.text, ACCOUNTS), adapters.account)
        if found is None or not found.may_show_own_client:
            return found
        own = await self._found(_of(arm_ids.own_identity(account.text), IDENTITIES), adapters.identity)
        return found.without_own_client(own.client_id if own else None)

    async def bind(self, account: ArmId, encryption: Encryption) -> Accepted:
        """PATCHes the account's `properties.encryption` and nothing else."""
        return await self._patch(account, ACCOUNTS, {"encryption": encryption.body})

    async def upgrade(self, account: ArmId) -> Upgrade | None:
        """Whether Azure may turn an account into a Foundry resource by itself; None without an account."""
        return await self._found(_of(account.text, UPGRADES), adapters.upgrade)

    async def set_upgrade(self, account: ArmId, mode: str) -> Accepted:
        """PATCHes the account's `properties.foundryAutoUpgrade.mode` and nothing else."""
        return await self._patch(account, UPGRADES, {"foundryAutoUpgrade": {"mode": mode}})

    async def _patch(self, account: ArmId, api_version: str, properties: Json) -> Accepted:
        target = _of(account.text, api_version)
        return Accepted.of(await self._send("PATCH", target, {"properties": properties}))

    async def progress(self, operation_url: str) -> Progress:
        """The state of a long-running operation. Raises the refusal of a validation."""
        client, manager = self._client, self._client.cloud.resource_manager
        answer = await _in_thread(
            lambda: client.send("GET", client.linked(operation_url, manager)), "polling the operation"
        )
        return Progress.of(answer)

    async def vault(self, vault: ArmId) -> Vault | None:
        """A vault or managed HSM."""
        return await self._found(_of(vault.text, VAULTS), adapters.vault)

    async def written_vault(self, vault: ArmId) -> Json | None:
        """A vault as Azure answers a write, as JSON: an empty PATCH, which changes nothing (observed) and is
        not late as a read may be (assumed)."""
        return await unless_absent(self._json("PATCH", _of(vault.text, VAULTS), {}))

    async def key_version(self, key: ArmId, version: str | None) -> KeyVersion | None:
        """One version; the current one when `version` is None. An HSM's own API has its keys."""
        if key.in_managed_hsm:
            target = _at(self._uri(key.parent), key.name, version or "")
            return await self._found(target, adapters.key_version_from_vault)
        path = f"{key.text}/versions/{version}" if version else key.text
        return await self._found(_of(path, VAULTS), adapters.key_version)

    async def key_versions(self, key: ArmId) -> list[KeyVersion]:
        if key.in_managed_hsm:
            return await self.live_key_versions(self._uri(key.parent), key.name)
        listed = await self._list(_of(f"{key.text}/versions", VAULTS))
        return [adapters.key_version(one) for one in listed]

    async def live_key_versions(self, vault_uri: str, name: str) -> list[KeyVersion]:
        """The versions as the vault's own API lists them."""
        listed = await self._list(_at(vault_uri, name, "versions"))
        return [adapters.key_version_from_vault(one) for one in listed]

    async def rotate(self, vault_uri: str, name: str) -> KeyVersion:
        """Makes a new version through the vault's own API."""
        return adapters.key_version_from_vault(await self._json("POST", _at(vault_uri, name, "rotate")))

    async def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments at or above a scope that count for a principal, also by a group that it is in."""
        if arm_ids.in_managed_hsm(scope):
            return await self._hsm_role_assignments(scope, principal_id)
        found = []
        for one in await self._list(_assignments(scope, f"assignedTo('{principal_id}')")):
            assignment = adapters.role_assignment(one)
            if not assignment.role:
                target = _of(adapters.role_definition_id(one), AUTHORIZATION)
                assignment = adapters.role_assignment(one, await self._json("GET", target))
            # The filter also lists what the principal has as a member of a group.
            found.append(replace(assignment, principal_id=principal_id))
        return found

    async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments at, above and below a scope that are the principal's own."""
        if arm_ids.in_managed_hsm(scope):
            return await self._in_hsm(scope, principal_id)
        listed = await self._list(_assignments(scope, f"principalId%20eq%20'{principal_id}'"))
        return [adapters.role_assignment(one) for one in listed]

    async def delete_role_assignment(self, assignment_id: str) -> None:
        target = _of(assignment_id, AUTHORIZATION)
        if arm_ids.in_managed_hsm(assignment_id):
            name = f"/{arm_ids.name_of(assignment_id)}"
            target = self._hsm_roles(arm_ids.parse(assignment_id).scope, name)
        await self._json("DELETE", target)

    async def assign_hsm_role(self, scope: str, principal_id: str) -> RoleAssignment:
        """Gives the role that the service needs of a key, at the id of a key in a managed HSM."""
        id = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
        role = f"Microsoft.KeyVault/providers/{arm_ids.ROLE_DEFINITION}/{id}"
        body = {"properties": {"roleDefinitionId": role, "principalId": principal_id}}
        target = self._hsm_roles(scope, f"/{hsm_assignment_name(scope, principal_id)}")
        made = await self._json("PUT", target, body)
        return adapters.local_role_assignment(_hsm_of(scope).text, made)

    async def remove_policy(self, vault: ArmId, entry: PolicyEntry) -> None:
        """Removes the key permissions of an access policy; what it grants on secrets stays."""
        await self.write_policy(vault, "remove", {**entry.body, "permissions": {"keys": list(entry.keys)}})

    async def write_policy(self, vault: ArmId, kind: str, entry: Json) -> None:
        """Puts an access policy in the place of the identity's own ("replace"), or takes its permissions away
        ("remove")."""
        body = {"properties": {"accessPolicies": [entry]}}
        await self._json("PUT", _of(f"{vault.text}/accessPolicies/{kind}", VAULTS), body)

    async def deleted_accounts(self, subscription: str) -> list[Deleted]:
        return await self._deleted(subscription, arm_ids.DELETED_ACCOUNT, ACCOUNTS)

    async def deleted_vaults(self, subscription: str) -> list[Deleted]:
        return await self._deleted(subscription, arm_ids.DELETED_VAULT, VAULTS)

    async def _deleted(self, subscription: str, type: str, api_version: str) -> list[Deleted]:
        target = _of(arm_ids.of_subscription(subscription, type), api_version)
        return [adapters.deleted(one) for one in await unless_absent(self._list(target)) or ()]

    async def _hsm_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments of a principal at a scope in an HSM, or above it.

        Azure does not document whether a list shows assignments above its scope, so the scopes above are
        listed, too. A scope that this login may not list counts as an assignment of a role that was not read.
        """
        hsm = _hsm_of(scope)
        found = {role.id.lower(): role for role in await self._in_hsm(scope, principal_id)}
        for above in (f"{hsm.text}/keys", hsm.text):
            try:
                found |= {role.id.lower(): role for role in await self._in_hsm(above, principal_id)}
            except ServiceError as failure:
                if failure.status != 403:
                    raise
                found[above] = RoleAssignment(above, principal_id, "of which this login sees none")
        return [role for role in found.values() if arm_ids.covers(role.scope, scope)]

    async def _in_hsm(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments of a principal that a list at a scope in an HSM shows."""
        listed = await self._list(self._hsm_roles(scope))
        found = (adapters.local_role_assignment(_hsm_of(scope).text, one) for one in listed)
        return [one for one in found if one.principal_id.lower() == principal_id.lower()]

    def _hsm_roles(self, scope: str, name: str = "") -> str:
        at = arm_ids.local_scope(scope).rstrip("/")
        return f"{self._uri(_hsm_of(scope))}{at}/providers/{arm_ids.ROLE_ASSIGNMENT}{name}?api-version={KEYS}"

    def _uri(self, vault: ArmId) -> str:
        return key_uris.uri_of(vault, self._client.cloud)

    async def _send(self, method: str, target: str, body: Json | None = None) -> HttpResponse:
        return await self._ask(lambda: self._client.send(method, target, body), method, target)

    async def _json(self, method: str, target: str, body: Json | None = None) -> Json:
        return await self._ask(lambda: self._client.json(method, target, body), method, target)

    async def _list(self, target: str) -> list[Json]:
        return await self._ask(lambda: self._client.pages(target), "GET", target)

    async def _ask(self, call: Callable[[], T], method: str, target: str) -> T:
        return await _in_thread(call, f"{method} {target.partition('?')[0]}")

    async def _found(self, target: str, adapt: Callable[[Json], T]) -> T | None:
        """The answer to a GET; None for an absent resource."""
        found = await unless_absent(self._json("GET", target))
        return None if found is None else adapt(found)


async def unless_absent(question: Awaitable[T]) -> T | None:
    """The answer to a request; None if its resource does not exist."""
    try:
        return await question
    except ServiceError as failure:
        if failure.is_absent:
            return None
        raise


def azure_time(clock: Clock, azure: Azure) -> Callable[[], float]:
    """Azure's time, in seconds since 1970, by its last answer. Azure decides by its own clock whether a key
    version has expired, and this machine's clock may be wrong."""
    answered_at = ahead = 0.0

    def now() -> float:
        nonlocal answered_at, ahead
        if azure.answered_at != answered_at:
            answered_at, ahead = azure.answered_at, azure.answered_at - clock.time()
        return clock.time() + ahead

    return now


def _of(path: str, api_version: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}api-version={api_version}"


def _at(vault_uri: str, key: str, what: str) -> str:
    """The URL of a key version, or of an operation on it, at the vault's own API."""
    return _of(f"{key_uris.KeyUri(vault_uri, key).text}/{what}", KEYS)


def _assignments(scope: str, filter: str) -> str:
    return _of(f"{arm_ids.child(scope, arm_ids.ROLE_ASSIGNMENT)}?$filter={filter}", AUTHORIZATION)


def _hsm_of(scope: str) -> ArmId:
    """The managed HSM that an id is, or is in."""
    local = arm_ids.local_scope(scope)
    return arm_ids.vault_id(scope.rstrip("/").removesuffix(local.rstrip("/")))


async def _in_thread(call: Callable[[], T], doing: str) -> T:
    """Runs a call of the client beside the event loop, its errors made ServiceError."""

    def guarded() -> T:
        import_packages()
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        try:
            return call()
        except AzureError as error:
            raise failure_from(error, doing) from error
        except ForeignHostError as error:
            raise ServiceError(NOT_SENT, type(error).__name__, str(error), doing) from error

    return await asyncio.to_thread(guarded)


TRANSIENT_TRIES = 5
"""How often a request is sent if it gets no answer, or a 5xx; azure-core by itself sends it four times."""


_ONCE = ("bind", "rotate", "set_upgrade")


def retrying(azure: Azure, waiter: Waiter) -> Azure:
    """An Azure that repeats each call after throttling, short outages and parallel writes of the same vault.
    It does not repeat what `_ONCE` names, which needs a look in between.

    Each raises ServiceError at any other failure, DeadlineError and StoppedError as `Waiter` does.
    """
    return cast("Azure", _Retrying(azure, waiter))


class _Retrying:
    def __init__(self, azure: Azure, waiter: Waiter) -> None:
        self._azure, self._waiter = azure, waiter

    def __getattr__(self, name: str) -> Any:
        found, waiter = getattr(self._azure, name), self._waiter
        if name in _ONCE or not callable(found):
            return found
        return lambda *given, **named: Retries(waiter).of(
            lambda: waiter.unless_stopped(lambda: found(*given, **named))
        )


Waits = Mapping[RefusalKind, tuple[str, float]]
"""For each kind of refusal that passes by itself: what the call waits for, and for how many seconds."""


class Retries:
    """Counts the tries of one request; `pause_or_raise` waits before the next, or raises the failure.
    `explain` words the last failure for the user who has waited in vain; `last_refusal` is that failure."""

    def __init__(self, waiter: Waiter, waits: Waits | None = None, explain: Callable[..., str] = str) -> None:
        self._waiter, self._waits, self._explain = waiter, waits or {}, explain
        self._backoff, self._slow = waiter.backoff(), waiter.backoff(first=2.0, ceiling=30.0)
        self._transient = 0
        self._began: dict[RefusalKind, float] = {}
        self.last_refusal: ServiceError | None = None

    async def of(self, act: Callable[[], Awaitable[T]]) -> T:
        """The result of an act that may be repeated as it is."""
        while True:
            try:
                return await act()
            except ServiceError as failure:
                await self.pause_or_raise(failure)

    async def pause_or_raise(self, failure: ServiceError) -> None:
        self.last_refusal = failure
        kind, elapsed = failure.kind, self._waiter.elapsed
        waiting_for, seconds = self._waits.get(kind, ("", 0.0))
        ends = self._began.setdefault(kind, elapsed) + seconds
        waits = elapsed < ends
        self._transient += kind is RefusalKind.TRANSIENT
        asks_again = kind is RefusalKind.THROTTLED or failure.is_parallel_write
        asks_again |= kind is RefusalKind.TRANSIENT and self._transient < TRANSIENT_TRIES
        if not (waits or asks_again):
            raise failure
        pause, said = next(self._slow if waits else self._backoff), service_message(failure)
        try:
            # A server that says when is obeyed, but never asked sooner than our own back-off.
            await self._waiter.pause(
                max(pause, failure.retry_after or 0.0),
                f"{waiting_for or 'asking again'}: {said}",
                ends=ends if waits else math.inf,
            )
        except DeadlineError as error:
            if not waits:
                raise
            raise DeadlineError(f"{waiting_for}\n{self._explain(failure)}", error.waited) from error
