"""What Azure has now around a binding: account, vault, key version and roles, as far as they may be read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from core import arm_ids, demands, facts, kinds
from core.api_versions import FOUNDRY
from core.arm_ids import ArmId
from core.facts import CUSTOMER_MANAGED, Account, Encryption, KeyVersion, RoleAssignment, Vault
from core.key_uris import KeyUri
from provider.azure import Azure
from provider.error_table import ErrorContext
from provider.errors import translate
from provider.failure import ServiceError

_ACCOUNT = "the account"
_KEYS = (arm_ids.KEY.lower(), arm_ids.HSM_KEY.lower())
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """What is to be bound, as far as it is known; a preview may know only a part."""

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
        return Encryption(
            CUSTOMER_MANAGED,
            self.key.vault_uri,
            self.key.name,
            self.key.version,
            self.identity_client_id or "",
        )

    @property
    def key_id(self) -> ArmId | None:
        """The ARM id of the key, where vault and key are known."""
        if self.vault is None or self.key is None:
            return None
        return arm_ids.key_id(facts.key_id(self.vault.text, self.key.name))


@dataclass(frozen=True)
class Unreadable:
    """Something that could not be read, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class LiveState:
    """Everything that a preflight judges. A field is None when it is absent, not known yet or unreadable.

    `account_read`, `vault_read` and `key_read` say whether it was looked for: only then does None mean
    absent.
    `projects` are the names of a Foundry account's projects, read where it is on Microsoft-managed keys.
    `bound_key` is the version that the account is bound to now, read where another version is to be bound.
    """

    account: Account | None = None
    account_read: bool = False
    vault: Vault | None = None
    vault_read: bool = False
    key: KeyVersion | None = None
    key_read: bool = False
    bound_key: KeyVersion | None = None
    bound_key_read: bool = False
    roles: tuple[RoleAssignment, ...] | None = None
    projects: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


def missing_to_read(live: LiveState, account: ArmId) -> str:
    """How to get the right without which the account was not read: one that shows a client id is read with
    its own identity."""
    why = next((one.why for one in live.unreadable if one.what == _ACCOUNT), "")
    named = re.search(r"have \S+ granted at \S+", why)
    default = f"have Microsoft.CognitiveServices/accounts/read granted at {account.text}"
    return named[0] if named else default


async def read_live_state(azure: Azure, target: Target, now: float) -> LiveState:
    """Everything around a target at `now` (seconds since 1970). What may not be read is `unreadable`; every
    other failure is raised.

    Here and below, `azure` asks again by itself (`retrying.patient`)."""
    live = await read_version_in_use(azure, target, await read_resources(azure, target), now)
    live = await read_roles(azure, target, live)
    live = await read_projects(azure, target, live)
    return await read_bound_key(azure, target, live)


async def read_resources(azure: Azure, target: Target) -> LiveState:
    """Account, vault and key version, as far as the target names them; no version means the current one."""
    account, vault, key = await asyncio.gather(
        _read(_ACCOUNT, target.account, azure.account),
        _read("the vault", target.vault, azure.vault),
        _read("the key version", target.key_id, lambda key: azure.key_version(key, _version(target))),
    )
    return LiveState(
        account=account.value,
        account_read=account.was_read,
        vault=vault.value,
        vault_read=vault.was_read,
        key=key.value,
        key_read=key.was_read,
        unreadable=tuple(part.unreadable for part in (account, vault, key) if part.unreadable),
    )


async def read_version_in_use(azure: Azure, target: Target, live: LiveState, now: float) -> LiveState:
    """The same, with the version that Azure uses where the target names none and the current one cannot be
    used."""
    if target.key is None or target.key.version or live.key is None or not demands.key_usable(live.key, now):
        return live

    async def look(key: ArmId) -> KeyVersion | None:
        used = demands.version_in_use(facts.newest_first(await azure.key_versions(key)), now)
        # A list says neither type nor operations.
        return await azure.key_version(key, used.version) if used else None

    read = await _read("the key's versions", target.key_id, look)
    if read.unreadable:
        return replace(live, unreadable=(*live.unreadable, read.unreadable))
    return replace(live, key=read.value)


async def version_in_use(azure: Azure, target: Target, now: float) -> str:
    """The version that Azure uses of the key that a target names without one; "" where it cannot be read."""
    live = await read_resources(azure, replace(target, account=None))
    key = (await read_version_in_use(azure, target, live, now)).key
    return key.version if key else ""


async def read_roles(azure: Azure, target: Target, live: LiveState) -> LiveState:
    """The same, with the roles on the key of the identity that is to use it, if the vault goes by roles."""
    account, vault, key = live.account, live.vault, target.key
    if account is None or vault is None or key is None or not (vault.uses_rbac and target.identity_known):
        return live
    principal = account.principal_for(target.identity_client_id)
    if not principal:
        return live
    scope = facts.key_id(vault.id, key.name)
    roles = await _read("the role assignments", scope, lambda key: azure.role_assignments(key, principal))
    if roles.unreadable:
        return replace(live, unreadable=(*live.unreadable, roles.unreadable))
    return replace(live, roles=tuple(roles.value or ()))


async def read_projects(azure: Azure, target: Target, live: LiveState) -> LiveState:
    """The same, with the projects of a Foundry account that is not bound yet: also of those that nobody's
    stack has."""
    account = live.account
    if target.account is None or account is None or account.encryption.is_customer_managed:
        return live
    if not kinds.is_foundry(account.kind):
        return live
    path = f"{target.account.text}/projects"
    listed = await _read("the projects", path, lambda path: _listed(azure, path))
    if listed.unreadable:
        return replace(live, unreadable=(*live.unreadable, listed.unreadable))
    return replace(live, projects=listed.value or ())


async def _listed(azure: Azure, path: str) -> tuple[str, ...]:
    """The names of an account's projects; none where Azure knows no projects of it. A project's `name` is
    ACCOUNT/PROJECT, and its id ends with the project's own."""
    try:
        found = await azure.listed(path, FOUNDRY)
    except ServiceError as failure:
        if failure.is_absent:
            return ()
        raise
    return tuple(sorted(arm_ids.name_of(str(one["id"])) for one in found))


async def read_bound_key(azure: Azure, target: Target, live: LiveState) -> LiveState:
    """The same, with the version that the account is bound to now, if another one in the same vault is to be
    bound: the service opens the data's key with the one before it locks it with the other."""
    bound = live.account.encryption.key if live.account else None
    if bound is None or target.vault is None or target.key is None or not bound.version:
        return live
    if not bound.is_in(target.vault) or bound.same_version(target.key):
        return live
    id = arm_ids.key_id(facts.key_id(target.vault.text, bound.name))
    read = await _read("the bound version", id, lambda key: azure.key_version(key, bound.version))
    if read.unreadable:
        return replace(live, unreadable=(*live.unreadable, read.unreadable))
    return replace(live, bound_key=read.value, bound_key_read=True)


@dataclass(frozen=True)
class _Read(Generic[T]):
    """What a question gave: a value (None: absent), or the reason why it could not be asked."""

    value: T | None = None
    was_read: bool = False
    unreadable: Unreadable | None = None


async def _read(what: str, subject: S | None, question: Callable[[S], Awaitable[T | None]]) -> _Read[T]:
    """Asks about a subject, if it is known. What may not be read is no error."""
    if subject is None:
        return _Read()
    try:
        return _Read(await question(subject), was_read=True)
    except ServiceError as failure:
        if not failure.is_forbidden:
            raise
        return _Read(unreadable=Unreadable(what, translate(failure, _context(subject))))


def _context(subject: object) -> ErrorContext:
    """What the commands in an error are filled with."""
    if not isinstance(subject, ArmId):
        return ErrorContext()
    if subject.type.lower() == arm_ids.ACCOUNT.lower():
        return ErrorContext(account_id=subject.text)
    vault = subject.parent if subject.type.lower() in _KEYS else subject
    return ErrorContext(vault_id=vault.text, vault_name=vault.name, key_name=subject.name)


def _version(target: Target) -> str | None:
    return (target.key.version or None) if target.key else None
