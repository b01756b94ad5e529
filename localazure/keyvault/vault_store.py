"""Where vaults are kept: by ARM id, and by name, since a name is one vault's in the whole cloud."""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.keyvault import key_store
from localazure.keyvault.model import Vault, vault_of

_LIVE, _DELETED, _NAME = "vault", "vault.deleted", "vault.name"


def find(cloud: Cloud, vault_id: str) -> Vault | None:
    """The live vault with this ARM id."""
    found = cloud.store.get(_LIVE, vault_id)
    return None if found is None else vault_of(found)


def holder(cloud: Cloud, name: str) -> Vault | None:
    """The vault, live or soft-deleted (see `deleted`), that holds a name; None where it is free.

    A soft-deleted vault whose retention is over is purged here, when it is read.
    """
    index = cloud.store.get(_NAME, name)
    if index is None:
        return None
    found = cloud.store.get(_LIVE, index["id"]) or cloud.store.get(_DELETED, index["id"])
    vault = vault_of(found) if found else None
    return None if vault is None or _expired(cloud, vault) else vault


def save(cloud: Cloud, vault: Vault) -> None:
    """Stores a vault among the live or the soft-deleted ones, as its `deleted` says."""
    kind, other = (_LIVE, _DELETED) if vault.deleted is None else (_DELETED, _LIVE)
    cloud.store.put(kind, vault.id, vault.document())
    cloud.store.delete(other, vault.id)
    cloud.store.put(_NAME, vault.name, {"id": vault.id})


def purge(cloud: Cloud, vault: Vault) -> None:
    """Purges a vault with every key in it."""
    key_store.purge_all(cloud, vault)
    for kind, id in ((_LIVE, vault.id), (_DELETED, vault.id), (_NAME, vault.name)):
        cloud.store.delete(kind, id)


def live_below(cloud: Cloud, scope: str) -> list[Vault]:
    """The live vaults of a subscription or resource group, in order of their ids."""
    return [vault_of(body) for _, body in cloud.store.scan(_LIVE, scope.rstrip("/") + "/")]


def deleted_below(cloud: Cloud, scope: str) -> list[Vault]:
    """The soft-deleted vaults of a subscription, without those whose retention is over."""
    found = [vault_of(body) for _, body in cloud.store.scan(_DELETED, scope.rstrip("/") + "/")]
    return [vault for vault in found if not _expired(cloud, vault)]


def _expired(cloud: Cloud, vault: Vault) -> bool:
    over = vault.purge_date is not None and vault.purge_date <= cloud.clock.now()
    if over:
        purge(cloud, vault)
    return over
