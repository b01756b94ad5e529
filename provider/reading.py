"""Reads what a preflight looks at, as far as it is known and may be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from provider import ids
from provider.azure_calls import Azure
from provider.binding import Wish
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
    account, vault, key = await asyncio.gather(
        _account(azure, wish, patience), _vault(azure, wish, patience), _key(azure, wish, patience)
    )
    roles = await _roles(azure, wish, account.value, vault.value, patience)
    parts = (account, vault, key, roles)
    return Surroundings(
        account=account.value if isinstance(account.value, Account) else None,
        account_asked=wish.account is not None and account.unreadable is None,
        vault=vault.value if isinstance(vault.value, Vault) else None,
        vault_asked=wish.vault is not None and vault.unreadable is None,
        key=key.value if isinstance(key.value, KeyVersion) else None,
        key_asked=wish.vault is not None and wish.key is not None and key.unreadable is None,
        roles=tuple(r for r in roles.value if isinstance(r, RoleGrant))
        if isinstance(roles.value, list)
        else None,
        unreadable=tuple(part.unreadable for part in parts if part.unreadable),
    )


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
    return await _read("the key version", lambda: azure.key_version(id, key.version), patience)


async def _roles(azure: Azure, wish: Wish, account: object, vault: object, patience: Patience) -> _Read:
    if not (isinstance(account, Account) and isinstance(vault, Vault) and wish.key and wish.identity_known):
        return _Read()
    principal = account.principal_for(wish.identity_client_id)
    if not vault.uses_rbac or not principal:
        return _Read()
    scope = f"{vault.id}/keys/{wish.key.name}"
    return await _read("the role assignments", lambda: azure.role_grants(scope, principal), patience)


async def _read(what: str, call: Callable[[], Awaitable[object]], patience: Patience) -> _Read:
    try:
        return _Read(await ask(call, patience))
    except ServiceError as failure:
        if failure.status != 403:
            raise
        return _Read(unreadable=Unreadable(what, said(failure)))
