"""Reads what a preflight looks at, as far as it is known and may be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from provider import ids
from provider.azure_calls import Azure
from provider.binding import Wish, bound
from provider.errors import said
from provider.facts import Account, KeyVersion, RoleGrant, Surroundings, Unreadable, Vault
from provider.failure import ServiceError
from provider.retrying import ask
from provider.waiting import Patience

T = TypeVar("T")


@dataclass(frozen=True)
class _Read:
    """What a question gave: a value (None: absent), or the reason why it could not be asked."""

    value: object = None
    unreadable: Unreadable | None = None


async def surroundings(azure: Azure, wish: Wish, patience: Patience) -> Surroundings:
    """The facts around a wish. A 403 makes a thing unreadable; every other failure is raised."""
    around = await with_roles(azure, wish, await things(azure, wish, patience), patience)
    return await with_bound_key(azure, wish, around, patience)


async def things(azure: Azure, wish: Wish, patience: Patience) -> Surroundings:
    """Account, vault and key version, as far as the wish names them; an empty version is the current one."""
    account, vault, key = await asyncio.gather(
        _account(azure, wish, patience), _vault(azure, wish, patience), _key(azure, wish, patience)
    )
    return Surroundings(
        account=account.value if isinstance(account.value, Account) else None,
        account_asked=wish.account is not None and account.unreadable is None,
        vault=vault.value if isinstance(vault.value, Vault) else None,
        vault_asked=wish.vault is not None and vault.unreadable is None,
        key=key.value if isinstance(key.value, KeyVersion) else None,
        key_asked=wish.vault is not None and wish.key is not None and key.unreadable is None,
        unreadable=tuple(part.unreadable for part in (account, vault, key) if part.unreadable),
    )


async def with_roles(azure: Azure, wish: Wish, around: Surroundings, patience: Patience) -> Surroundings:
    """The same, with the roles on the key of the identity that is to use it, if the vault goes by roles."""
    account, vault, key = around.account, around.vault, wish.key
    if account is None or vault is None or key is None or not (vault.uses_rbac and wish.identity_known):
        return around
    principal = account.principal_for(wish.identity_client_id)
    if not principal:
        return around
    scope = f"{vault.id}/keys/{key.name}"
    roles = await _read("the role assignments", lambda: azure.role_grants(scope, principal), patience)
    if roles.unreadable:
        return replace(around, unreadable=(*around.unreadable, roles.unreadable))
    grants = roles.value if isinstance(roles.value, list) else []
    return replace(around, roles=tuple(grant for grant in grants if isinstance(grant, RoleGrant)))


async def with_bound_key(azure: Azure, wish: Wish, around: Surroundings, patience: Patience) -> Surroundings:
    """The same, with the version that the account is bound to now, if another one in the same vault is wished
    for: the service opens the data's key with the one before it locks it with the other."""
    account, vault, key = around.account, wish.vault, wish.key
    found = bound(account) if account else None
    if found is None or vault is None or key is None or not found.key.version:
        return around
    if found.key.vault_name != vault.name.lower() or found.key.text.lower() == key.text.lower():
        return around
    id = ids.KeyId(f"{vault.text}/keys/{found.key.name}", vault, found.key.name)
    read = await _read("the bound version", lambda: azure.key_version(id, found.key.version), patience)
    if read.unreadable:
        return replace(around, unreadable=(*around.unreadable, read.unreadable))
    version = read.value if isinstance(read.value, KeyVersion) else None
    return replace(around, bound_key=version, bound_key_asked=True)


async def _account(azure: Azure, wish: Wish, patience: Patience) -> _Read:
    account = wish.account
    if account is None:
        return _Read()
    return await _read("the account", lambda: azure.account(account), patience)


async def _vault(azure: Azure, wish: Wish, patience: Patience) -> _Read:
    vault = wish.vault
    if vault is None:
        return _Read()
    return await _read("the vault", lambda: azure.vault(vault), patience)


async def _key(azure: Azure, wish: Wish, patience: Patience) -> _Read:
    vault, key = wish.vault, wish.key
    if vault is None or key is None:
        return _Read()
    id = ids.KeyId(f"{vault.text}/keys/{key.name}", vault, key.name)
    return await _read("the key version", lambda: azure.key_version(id, key.version or None), patience)


async def _read(what: str, call: Callable[[], Awaitable[object]], patience: Patience) -> _Read:
    try:
        return _Read(await ask(call, patience))
    except ServiceError as failure:
        if failure.status != 403:
            raise
        return _Read(unreadable=Unreadable(what, said(failure)))
