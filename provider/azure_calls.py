"""What the provider asks of Azure, one method per question; `arm` answers it, and tests put a fake here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.arm_ids import ArmId
from core.facts import Account, Deleted, Encryption, KeyVersion, PolicyEntry, RoleAssignment, Vault
from provider.failure import ServiceError
from provider.waiting import Clock


@dataclass(frozen=True)
class Accepted:
    """A PATCH that ARM accepted. `operation_url` is None if it was done at once; `retry_after` is in seconds;
    `key_version` is the key version that the answer shows, "" if it shows none."""

    operation_url: str | None
    retry_after: float | None = None
    key_version: str = ""

    @property
    def operation_id(self) -> str | None:
        """The operation's id: the last segment of its URL, without the signature that follows."""
        return self.operation_url.partition("?")[0].rpartition("/")[2] if self.operation_url else None


@dataclass(frozen=True)
class Progress:
    """One look at a long-running operation: `status` as Azure writes it (`Updating`, `Succeeded`,
    `Failed`)."""

    status: str
    retry_after: float | None = None
    failure: ServiceError | None = None

    @property
    def done(self) -> bool:
        return self.status.lower() in {"succeeded", "failed", "canceled", "cancelled"}

    @property
    def succeeded(self) -> bool:
        return self.status.lower() == "succeeded"


@dataclass(frozen=True)
class Principal:
    """Who is logged in: GUIDs, "" where the token does not say."""

    object_id: str = ""
    tenant_id: str = ""
    client_id: str = ""


async def all_pages(ask: Callable[[str], Awaitable[Any]], path: str) -> list[Any]:
    """What all pages of a list have, from the first one's path on; an answer of None counts as no page."""
    found: list[Any] = []
    link: str | None = path
    while link:
        page = await ask(link) or {}
        found += page.get("value") or ()
        link = page.get("nextLink")
    return found


class Azure(Protocol):
    """Azure Resource Manager and Key Vault as this provider needs them. Scopes in a managed HSM are ARM ids.

    Every method makes one request (a list: one per page), never retries, and raises ServiceError. The
    `get`s answer None for what is absent.
    """

    @property
    def answered_at(self) -> float:
        """The time of the last answer by Azure's own clock, in seconds since 1970; 0 before the first."""
        ...

    async def account(self, account: ArmId) -> Account | None: ...

    async def bind(self, account: ArmId, encryption: Encryption) -> Accepted:
        """PATCHes the account's `properties.encryption` and nothing else."""
        ...

    async def progress(self, account: ArmId, operation_url: str) -> Progress: ...

    async def vault(self, vault: ArmId) -> Vault | None:
        """A vault or managed HSM."""
        ...

    async def key_version(self, key: ArmId, version: str | None) -> KeyVersion | None:
        """One version; the current one when `version` is None. Through ARM, or an HSM's data plane."""
        ...

    async def key_versions(self, key: ArmId) -> list[KeyVersion]: ...

    async def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments at or above a scope that count for a principal, also by a group that it is in."""
        ...

    async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments at, above and below a scope that are the principal's own."""
        ...

    async def remove_policy(self, vault: ArmId, entry: PolicyEntry) -> None:
        """Removes the key permissions of an access policy; what it grants on secrets stays."""
        ...

    async def delete_role_assignment(self, assignment_id: str) -> None: ...

    async def assign_hsm_role(self, scope: str, principal_id: str) -> RoleAssignment:
        """Gives the role that the service needs of a key, at the id of a key in a managed HSM."""
        ...

    async def principal(self) -> Principal:
        """Who is logged in."""
        ...

    async def live_key_versions(self, vault_uri: str, name: str) -> list[KeyVersion]:
        """The versions as the vault's data plane lists them, with their tags."""
        ...

    async def tag_key_version(self, vault_uri: str, name: str, version: str, tags: dict[str, str]) -> None:
        """Replaces the version's tags through the data plane."""
        ...

    async def rotate(self, vault_uri: str, name: str) -> KeyVersion:
        """Makes a new version through the data plane."""
        ...

    async def deleted_accounts(self, subscription: str) -> list[Deleted]: ...

    async def deleted_vaults(self, subscription: str) -> list[Deleted]: ...

    async def ask(
        self, method: str, path: str, api_version: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """A question to Resource Manager that writes nothing, as JSON; `path` may be a next page's URL."""
        ...


class AzureClock:
    """A clock whose `time` is Azure's time, by Azure's last answer. Azure decides by its own clock whether a
    key version has expired, and this machine's clock may be wrong."""

    def __init__(self, clock: Clock, azure: Azure) -> None:
        self._clock = clock
        self._azure = azure
        self._answered_at = self._ahead = 0.0

    def now(self) -> float:
        return self._clock.now()

    def time(self) -> float:
        if self._azure.answered_at != self._answered_at:
            self._answered_at = self._azure.answered_at
            self._ahead = self._answered_at - self._clock.time()
        return self._clock.time() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
