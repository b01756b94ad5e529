"""What the page shows, as values: read from the cloud without changing anything in it.

Owns: the view of the cloud at one moment. A look at the page must not count as a look at a key or an
operation, nor do what the clock made due, so it reads the documents themselves. Does not own: HTML (page.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localazure import faults
from localazure.behaviour import unusual
from localazure.cloud import Cloud
from localazure.directory import list_principals
from localazure.keyvault.model import Key, Vault, key_of, vault_of
from localazure.operations import Operation
from localazure.page.accounts import AccountView, Places, account_views
from localazure.page.grants import Grant, grants
from localazure.page.view import PAGE, Part, View

_EVERYTHING = View()
_MOST_NAMED = 50


@dataclass(frozen=True)
class VaultView:
    """A vault, live or soft-deleted, with its keys (live and soft-deleted) and who can unwrap with them."""

    vault: Vault
    keys: tuple[Key, ...]
    grants: tuple[Grant, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What it is found by."""
        versions = (version.version for key in self.keys for version in key.versions)
        return self.vault.id, self.vault.location, *(key.name for key in self.keys), *versions


@dataclass(frozen=True)
class SubscriptionView:
    """A subscription and its resource groups (ARM's bodies)."""

    id: str
    name: str
    tenant: str
    groups: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Snapshot:
    """The cloud at one moment; times are seconds on its clock, `offset` is how far that was moved.

    `version` changes with every change of the cloud. `names` are the principals' by object id. `audit` holds
    the events on the page that the `view` shows, latest first. `behaviour` holds the settings that are not
    the default.
    """

    version: str
    now: float
    offset: float
    subscriptions: tuple[SubscriptionView, ...]
    vaults: tuple[VaultView, ...]
    accounts: tuple[AccountView, ...]
    audit: Part[Mapping[str, Any]]
    operations: tuple[Operation, ...]
    names: Mapping[str, str]
    behaviour: Mapping[str, Any]
    faults: tuple[Mapping[str, Any], ...]
    view: View

    @property
    def users(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the accounts bound to each key version, by its URI in lower case."""
        found: dict[str, tuple[str, ...]] = {}
        for account in self.accounts:
            if account.key_uri:
                key = account.key_uri.lower()
                found[key] = (*found.get(key, ()), account.name)
        return found


def snapshot(cloud: Cloud, view: View = _EVERYTHING) -> Snapshot:
    """The cloud now, what a view shows in detail; to be taken inside a transaction of the store."""
    now, store = cloud.clock.now(), cloud.store
    vaults = [vault_of(body) for kind in ("vault", "vault.deleted") for _, body in store.scan(kind)]
    keys: dict[str, list[Key]] = {}
    for kind in ("vault.key", "vault.key.deleted"):
        for _, body in store.scan(kind):
            key = key_of(body)
            keys.setdefault(key.vault_id.lower(), []).append(key)
    names = {principal.object_id: principal.name for principal in list_principals(cloud)}
    found = grants(cloud, vaults)
    return Snapshot(
        version=version(cloud),
        now=now,
        offset=float((store.get("cloud", "clock") or {}).get("offset", 0.0)),
        subscriptions=_subscriptions(cloud),
        vaults=tuple(
            VaultView(vault, tuple(keys.get(vault.id.lower(), ())), found.get(vault.id.lower(), ()))
            for vault in vaults
        ),
        accounts=account_views(cloud, _places(vaults, keys), view),
        audit=_audit(cloud, view, names),
        operations=tuple(_running(cloud, now)),
        names=names,
        behaviour=unusual(cloud.behaviour),
        faults=tuple(faults.list_faults(cloud)),
        view=view,
    )


def _places(vaults: Sequence[Vault], keys: Mapping[str, Sequence[Key]]) -> Places:
    return Places(
        {vault.name.lower(): vault for vault in vaults if vault.deleted is None},
        {key.id.lower(): key for found in keys.values() for key in found if key.deleted is None},
    )


def _audit(cloud: Cloud, view: View, names: Mapping[str, str]) -> Part[Mapping[str, Any]]:
    """One page of the audit log; an event is also found by the name of who used the key."""
    named = [object_id for object_id, name in names.items() if view.finds((name,))]
    texts = [view.find, *named[:_MOST_NAMED]] if view.find else []
    total = cloud.store.count("audit")
    found = cloud.store.count("audit", with_any=texts) if texts else total
    page = view.page("audit", found)
    rows = cloud.store.latest("audit", PAGE, skip=(page - 1) * PAGE, with_any=texts)
    return Part("audit", rows, found, total, page)


def version(cloud: Cloud) -> str:
    """A word that changes with every change of the cloud, cheap to ask for."""
    return str(cloud.store.changes)


def _subscriptions(cloud: Cloud) -> tuple[SubscriptionView, ...]:
    tenants = {id: str(body["displayName"]) for id, body in cloud.store.scan("tenant")}
    return tuple(
        SubscriptionView(
            body["subscriptionId"],
            body["displayName"],
            tenants.get(body["tenantId"].lower(), body["tenantId"]),
            tuple(group for _, group in cloud.store.scan("group", f"/subscriptions/{id}/")),
        )
        for id, body in cloud.store.scan("subscription")
    )


def _running(cloud: Cloud, now: float) -> list[Operation]:
    """Operations whose time is not over; those that merely wait for a last look are as good as ended."""
    found = [Operation(**body) for _, body in cloud.store.scan("operation")]
    return [operation for operation in found if now < operation.ends]
