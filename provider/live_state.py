"""What Azure has around a binding now: account, vault, key version and roles, as far as the login may read
them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core import arm_ids, demands, facts
from core.arm_ids import ArmId
from core.facts import KEY_VAULT_SOURCE, Account, Encryption, KeyVersion, RoleAssignment, Vault
from core.key_uris import KeyUri
from provider.azure import Azure
from provider.errors import translate
from provider.failure import ServiceError

ACCOUNT, VAULT, KEY, BOUND_KEY = "the account", "the vault", "the key version", "the bound version"
T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """The account, key and vault of a binding, as far as they are known; a preview may know only some of
    them."""

    account: ArmId | None = None
    key: KeyUri | None = None
    vault: ArmId | None = None
    vault_known: bool = True
    identity_client_id: str | None = None
    identity_known: bool = True

    @property
    def encryption(self) -> Encryption:
        """What binds the account. `identity_client_id` is left out for the account's own identity. Raises
        ValueError where the key is not known."""
        if self.key is None:
            raise ValueError("a key that is not known cannot be bound")
        key, client = self.key, self.identity_client_id or ""
        return Encryption(KEY_VAULT_SOURCE, key.vault_uri, key.name, key.version, client)

    def key_id(self, key: KeyUri | None) -> ArmId | None:
        """The ARM id of a key in the vault, where both are known."""
        return arm_ids.key_id(facts.key_id(self.vault.text, key.name)) if self.vault and key else None


@dataclass(frozen=True)
class LiveState:
    """Everything that a preflight judges. A field is None if its thing is absent, not known yet or
    unreadable.

    `read` names the things that were looked for: for these alone, None means absent. `unreadable` has the
    reason for each thing that the login may not read. `bound_key` is read if another version is to be bound.
    """

    account: Account | None = None
    vault: Vault | None = None
    key: KeyVersion | None = None
    bound_key: KeyVersion | None = None
    roles: tuple[RoleAssignment, ...] | None = None
    read: frozenset[str] = frozenset()
    unreadable: Mapping[str, str] = field(default_factory=dict)


class Look:
    """Reads what Azure has around a target. Notes what the login may not read; raises every other failure.

    `azure` asks again by itself (`azure.patient`); `explain` words why something may not be read.
    """

    def __init__(self, azure: Azure, target: Target, explain: Callable[..., str] = translate) -> None:
        self._azure, self.target, self._explain = azure, target, explain
        self.state = LiveState()

    async def at_all(self, now: float) -> LiveState:
        """Everything, at `now` (seconds since 1970)."""
        await self.at_resources()
        await self._at_version_in_use(now)
        await self.at_roles()
        return await self.at_bound_key()

    async def at_resources(self) -> LiveState:
        """Account, vault and key version, as far as the target names them; without a version, the current
        one."""
        azure, target = self._azure, self.target
        version = (target.key.version or None) if target.key else None
        key_id = target.key_id(target.key)
        account, vault, key = await asyncio.gather(
            self._read(ACCOUNT, azure.account(target.account) if target.account else None),
            self._read(VAULT, azure.vault(target.vault) if target.vault else None),
            self._read(KEY, azure.key_version(key_id, version) if key_id else None),
        )
        self.state = replace(self.state, account=account, vault=vault, key=key)
        if target.vault is None and target.vault_known:
            self._note("the vault, the key and the access", "vaultId is not given")
        return self.state

    async def _at_version_in_use(self, now: float) -> None:
        """The version that Azure uses, where the target names none and the current one cannot be used."""
        key, current, key_id = self.target.key, self.state.key, self.target.key_id(self.target.key)
        if key and key_id and current and not key.version and demands.key_usable(current, now):
            used = await self._read("the key's versions", self._in_use(key_id, now))
            self.state = replace(self.state, key=used or current)

    async def _in_use(self, key: ArmId, now: float) -> KeyVersion | None:
        used = demands.version_in_use(facts.newest_first(await self._azure.key_versions(key)), now)
        # A list says neither type nor operations.
        return await self._azure.key_version(key, used.version) if used else None

    async def at_roles(self) -> LiveState:
        """The roles on the key of the identity that is to use it, if the vault goes by roles."""
        account, vault, key, target = self.state.account, self.state.vault, self.target.key, self.target
        principal = account.principal_for(target.identity_client_id) if account else None
        if vault and key and principal and vault.uses_rbac and target.identity_known:
            asked = self._azure.role_assignments(facts.key_id(vault.id, key.name), principal)
            roles = await self._read("the role assignments", asked)
            self.state = replace(self.state, roles=None if roles is None else tuple(roles))
        return self.state

    async def at_bound_key(self) -> LiveState:
        """The version that the account is bound to now, if another one in the same vault is to be bound: the
        service opens the data's key with the one before it locks it with the other."""
        account, target = self.state.account, self.target
        bound = account.encryption.key if account else None
        key_id = target.key_id(bound)
        if not (bound and bound.version and key_id and target.key and bound.is_in(key_id.parent)):
            return self.state
        if not bound.same_version(target.key):
            found = await self._read(BOUND_KEY, self._azure.key_version(key_id, bound.version))
            self.state = replace(self.state, bound_key=found)
        return self.state

    async def _read(self, what: str, question: Awaitable[T] | None) -> T | None:
        """The answer to a question, if there is one; None if the thing is absent or the login may not read
        it."""
        if question is None:
            return None
        try:
            found = await question
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            self._note(what, self._explain(failure))
            return None
        self.state = replace(self.state, read=self.state.read | {what})
        return found

    def _note(self, what: str, why: str) -> None:
        self.state = replace(self.state, unreadable={**self.state.unreadable, what: why})
