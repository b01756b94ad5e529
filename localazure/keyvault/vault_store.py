"""The storage of vaults and managed HSMs, by ARM id and by name; a name is unique in the whole cloud."""

from localazure.cloud import Cloud
from localazure.keyvault import key_store, local_roles
from localazure.keyvault.models import Vault, vault_of
from localazure.refusals import refused

SECRETS = ("vault.secret", "vault.secret.deleted")
"""The store's kinds of secrets, live and soft-deleted, by ARM id."""


def find(cloud: Cloud, vault_id: str) -> Vault | None:
    """The live vault with this ARM id."""
    return cloud.store.made("vault", vault_id, vault_of)


def required(cloud: Cloud, vault_id: str, action: str) -> Vault:
    """The live vault in which something is read or written (`action`). Raises 404."""
    vault = find(cloud, vault_id)
    if vault is None:
        raise refused("ParentResourceNotFound", action=action, vault_id=vault_id)
    return vault


def holder(cloud: Cloud, name: str, *, hsm: bool = False) -> Vault | None:
    """The vault or managed HSM, live or soft-deleted (see `deleted`), that holds a name.

    A soft-deleted one whose retention is over is purged here, when it is read.
    """
    live, deleted, names = kinds(hsm=hsm)
    index = cloud.store.get(names, name)
    if index is None:
        return None
    found = cloud.store.get(live, index["id"]) or cloud.store.get(deleted, index["id"])
    vault = vault_of(found) if found else None
    return None if vault is None or _expired(cloud, vault) else vault


def save(cloud: Cloud, vault: Vault) -> None:
    """Stores a vault among the live or the soft-deleted ones, as its `deleted` says."""
    live, deleted, names = kinds(hsm=vault.hsm)
    kind, other = (live, deleted) if vault.deleted is None else (deleted, live)
    cloud.store.put(kind, vault.id, vault.document())
    cloud.store.delete(other, vault.id)
    cloud.store.put(names, vault.name, {"id": vault.id})


def purge(cloud: Cloud, vault: Vault) -> None:
    """Purges a vault with every key and secret in it, and the roles that a managed HSM has itself."""
    key_store.purge_all(cloud, vault)
    local_roles.drop_all(cloud, vault)
    for kind in SECRETS:
        for id, _ in cloud.store.scan(kind, f"{vault.id}/"):
            cloud.store.delete(kind, id)
    live, deleted, names = kinds(hsm=vault.hsm)
    for kind, id in ((live, vault.id), (deleted, vault.id), (names, vault.name)):
        cloud.store.delete(kind, id)


def deleted_below(cloud: Cloud, scope: str, *, hsm: bool = False) -> list[Vault]:
    """The soft-deleted ones of a subscription, without those whose retention is over."""
    found = [vault_of(body) for _, body in cloud.store.scan(kinds(hsm=hsm)[1], scope.rstrip("/") + "/")]
    return [vault for vault in found if not _expired(cloud, vault)]


def kinds(*, hsm: bool) -> tuple[str, str, str]:
    """The store's kinds of the live ones, of the soft-deleted ones, and of their names."""
    live = "hsm" if hsm else "vault"
    return live, f"{live}.deleted", f"{live}.name"


def _expired(cloud: Cloud, vault: Vault) -> bool:
    over = vault.purge_date is not None and vault.purge_date <= cloud.clock.now()
    if over:
        purge(cloud, vault)
    return over
