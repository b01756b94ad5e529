"""Accounts as the page shows them: how each is encrypted, whether its data can be read, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive.account import Account
from localazure.cognitive.binding import key_uri
from localazure.cognitive.identity import key_user
from localazure.directory import find_principal
from localazure.keyvault import access, usage
from localazure.keyvault.model import Vault, key_of, label_of, vault_of
from localazure.web import Caller, ServiceError

_KINDS = (stored.KIND, stored.DELETED)


@dataclass(frozen=True)
class AccountView:
    """An account, live or soft-deleted.

    `key_uri` is the version it is bound to, empty on Microsoft-managed keys; `unreadable` says why its data
    cannot be read now, empty where it can. `history` holds its encryption events, oldest first.
    """

    id: str
    name: str
    group: str
    location: str
    kind: str
    sku: str
    state: str
    deleted: bool
    key_uri: str
    principal: str
    unreadable: str
    history: tuple[Mapping[str, Any], ...]


def account_views(cloud: Cloud) -> tuple[AccountView, ...]:
    """Every account, live ones first, in order of their ids."""
    return tuple(_view(cloud, Account(**body)) for kind in _KINDS for _, body in cloud.store.scan(kind))


def _view(cloud: Cloud, account: Account) -> AccountView:
    bound = account.key_vault_properties is not None
    principal, problem = key_user(cloud, account) if bound else (None, "")
    return AccountView(
        id=account.id,
        name=account.name,
        group=account.group,
        location=account.location,
        kind=account.kind,
        sku=str(account.sku["name"]),
        state=account.state,
        deleted=account.deleted_at is not None,
        key_uri=key_uri(account) if bound else "",
        principal=principal or str((account.identity or {}).get("principalId") or ""),
        unreadable=(problem or _refusal(cloud, account, str(principal))) if bound else "",
        history=tuple(cloud.store.events("encryption", account.id)),
    )


def _refusal(cloud: Cloud, account: Account, object_id: str) -> str:
    """Why the account's identity could not unwrap its data key now, empty where it could.

    The checks are those of a real unwrap (usage.py), without the act, so that the audit log stays as it is.
    """
    target = account.key_vault_properties or {}
    vault = _live_vault(cloud, str(target.get("keyVaultUri")))
    if vault is None:
        return "its vault is deleted"
    name, principal = str(target.get("keyName")), find_principal(cloud, object_id)
    found = cloud.store.get("vault.key", f"{vault.id}/keys/{name}")
    version = None if found is None else key_of(found).version(str(target.get("keyVersion")))
    if version is None:
        return "its key is deleted"
    caller = Caller(object_id, principal.client_id if principal else "", vault.tenant_id)
    try:
        usage.admit(cloud, usage.Use(vault, caller, access.UNWRAP, key_name=name, trusted=True))
    except ServiceError as error:
        return _reason(error)
    refusal = usage.state_refusal(version, access.UNWRAP, cloud.clock.now())
    return "" if refusal is None else refusal.message


def _live_vault(cloud: Cloud, uri: str) -> Vault | None:
    index = cloud.store.get("vault.name", label_of(uri))
    found = None if index is None else cloud.store.get("vault", index["id"])
    return None if found is None else vault_of(found)


def _reason(error: ServiceError) -> str:
    code = error.extra.get("innererror", {}).get("code", error.code)
    return {
        "ForbiddenByPolicy": "no access policy lets its identity unwrap",
        "ForbiddenByRbac": "no role lets its identity unwrap",
        "ForbiddenByFirewall": "the vault's firewall keeps trusted services out",
        "ForbiddenByConnection": "the vault's firewall keeps trusted services out",
    }.get(code, error.message)
