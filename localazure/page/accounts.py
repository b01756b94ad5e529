"""Accounts as the page shows them: how each is encrypted, whether its data can be read, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from localazure import operations
from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive.account import Account
from localazure.cognitive.binding import key_uri
from localazure.cognitive.identity import key_user
from localazure.directory import find_principal
from localazure.keyvault import access, trusted_services, usage
from localazure.keyvault.model import Key, Vault, label_of
from localazure.page.view import Part, View
from localazure.web import Caller, ServiceError

_KINDS = (stored.KIND, stored.DELETED)


@dataclass(frozen=True)
class AccountView:
    """An account, live or soft-deleted.

    `key_uri` is the version it is bound to, empty on Microsoft-managed keys; `unreadable` says why its data
    cannot be read now, empty where it can. `history` holds its encryption events, oldest first; only those
    of the accounts that are shown are read.
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
    history: tuple[Mapping[str, Any], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What it is found by."""
        return self.id, self.key_uri, self.principal, self.kind, self.location, self.unreadable


def account_views(cloud: Cloud, places: Places, view: View) -> tuple[AccountView, ...]:
    """Every account, live ones first, in order of their ids; with their history those that a view shows."""
    found = tuple(
        _view(cloud, Account(**body), places) for kind in _KINDS for _, body in cloud.store.scan(kind)
    )
    shown = {account.id for account in shown_accounts(view, found).rows}
    return tuple(
        replace(account, history=tuple(cloud.store.events("encryption", account.id)))
        if account.id in shown
        else account
        for account in found
    )


def shown_accounts(view: View, accounts: Sequence[AccountView]) -> Part[AccountView]:
    """The accounts on the page that a view shows."""
    return view.part("accounts", accounts, lambda account: account.words)


@dataclass(frozen=True)
class Places:
    """The live vaults by name and their live keys by ARM id, all in lower case."""

    vaults: Mapping[str, Vault]
    keys: Mapping[str, Key]


def _view(cloud: Cloud, account: Account, places: Places) -> AccountView:
    bound = account.key_vault_properties is not None
    principal, problem = key_user(cloud, account) if bound else (None, "")
    return AccountView(
        id=account.id,
        name=account.name,
        group=account.group,
        location=account.location,
        kind=account.kind,
        sku=str(account.sku["name"]),
        state=_state(cloud, account),
        deleted=account.deleted_at is not None,
        key_uri=key_uri(account) if bound else "",
        principal=principal or str((account.identity or {}).get("principalId") or ""),
        unreadable=(problem or _refusal(cloud, account, str(principal), places)) if bound else "",
    )


def _state(cloud: Cloud, account: Account) -> str:
    """The state that the next GET would show; reading it here ends no operation."""
    if account.operation is None:
        return account.state
    operation = operations.find(cloud, account.operation)
    if operation is not None and not operation.over(cloud.clock.now()):
        return account.state
    return "Failed" if operation is not None and "fails" in operation.about else "Succeeded"


def _refusal(cloud: Cloud, account: Account, object_id: str, places: Places) -> str:
    """Why the account's identity could not unwrap its data key now, empty where it could.

    The checks are those of a real unwrap (usage.py), without the act, so that the audit log stays as it is.
    """
    target = account.key_vault_properties or {}
    vault = places.vaults.get(label_of(str(target.get("keyVaultUri"))))
    if vault is None:
        return "its vault is deleted"
    name, principal = str(target.get("keyName")), find_principal(cloud, object_id)
    key = places.keys.get(f"{vault.id}/keys/{name}".lower())
    version = None if key is None else key.version(str(target.get("keyVersion") or ""))
    if version is None:
        return "its key is deleted"
    caller = Caller(object_id, principal.client_id if principal else "", vault.tenant_id)
    try:
        usage.admit(cloud, trusted_services.use_by_service(cloud, vault, caller, access.UNWRAP, name))
    except ServiceError as error:
        return _reason(error)
    refusal = usage.state_refusal(version, access.UNWRAP, cloud.clock.now())
    return "" if refusal is None else refusal.message


def _reason(error: ServiceError) -> str:
    code = error.extra.get("innererror", {}).get("code", error.code)
    return {
        "ForbiddenByPolicy": "no access policy allows its identity to unwrap",
        "ForbiddenByRbac": "no role allows its identity to unwrap",
        "AccessDenied": "no role of the managed HSM allows its identity to unwrap",
        "ForbiddenByFirewall": "the vault's firewall blocks the service",
        "ForbiddenByConnection": "the vault's firewall blocks the service",
    }.get(code, error.message)
