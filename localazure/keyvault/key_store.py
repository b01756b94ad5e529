"""The storage of keys. Private halves lie apart, so that no list of keys can show one.

Reading a key first does everything that is due by the clock: the rotation by its policy, and the purge of a
soft-deleted key whose retention is over.
"""

from dataclasses import replace

from localazure.cloud import Cloud
from localazure.keyvault import audit, crypto, rotation
from localazure.keyvault.models import DAY, Key, KeyVersion, Vault, key_of

_LIVE, _DELETED, _MATERIAL = "vault.key", "vault.key.deleted", "vault.key.material"
_MAX_ROTATIONS_AT_ONCE = 24


def find(cloud: Cloud, vault: Vault, name: str) -> Key | None:
    """The live key with this name, rotated as its policy asks."""
    key = cloud.store.made(_LIVE, f"{vault.id}/keys/{name}", key_of)
    return key and _rotate_if_due(cloud, vault, key)


def find_deleted(cloud: Cloud, vault: Vault, name: str) -> Key | None:
    """The soft-deleted key with this name."""
    key = cloud.store.made(_DELETED, f"{vault.id}/keys/{name}", key_of)
    return None if key is None or _expired(cloud, vault, key) else key


def all_of(cloud: Cloud, vault: Vault, *, deleted: bool = False) -> list[Key]:
    """The vault's live, or soft-deleted, keys in order of their names."""
    kind = _DELETED if deleted else _LIVE
    found = [key_of(body) for _, body in cloud.store.scan(kind, f"{vault.id}/keys/")]
    if deleted:
        return [key for key in found if not _expired(cloud, vault, key)]
    return [_rotate_if_due(cloud, vault, key) for key in found]


def save(cloud: Cloud, key: Key) -> None:
    """Stores a key among the live or the soft-deleted ones, as its `deleted` says."""
    kind, other = (_LIVE, _DELETED) if key.deleted is None else (_DELETED, _LIVE)
    cloud.store.put(kind, key.id, key.document())
    cloud.store.delete(other, key.id)


def add_version(cloud: Cloud, key: Key, version: KeyVersion, private: str) -> Key:
    """Stores a key with one more version, which becomes the current one."""
    grown = replace(key, versions=(*key.versions, version))
    cloud.store.put(_MATERIAL, f"{key.id}/{version.version}", {"pkcs8": private})
    save(cloud, grown)
    return grown


def private_half(cloud: Cloud, key: Key, version: KeyVersion) -> str:
    """The private key of a version (PKCS8, base64): never to be put into an answer or a log."""
    return str(cloud.store.get(_MATERIAL, f"{key.id}/{version.version}")["pkcs8"])  # type: ignore[index]


def purge(cloud: Cloud, key: Key) -> None:
    """Purges a key: nobody can unwrap data keys that it wrapped."""
    for version in key.versions:
        cloud.store.delete(_MATERIAL, f"{key.id}/{version.version}")
    cloud.store.delete(_LIVE, key.id)
    cloud.store.delete(_DELETED, key.id)


def purge_all(cloud: Cloud, vault: Vault) -> None:
    """Purges every key of a vault."""
    for kind in (_LIVE, _DELETED, _MATERIAL):
        for id, _ in cloud.store.scan(kind, f"{vault.id}/keys/"):
            cloud.store.delete(kind, id)


def purge_date(vault: Vault, key: Key) -> float | None:
    """When a soft-deleted key is purged, seconds on the cloud's clock."""
    return None if key.deleted is None else key.deleted + vault.retention_days * DAY


def rotate(cloud: Cloud, key: Key, now: float) -> Key:
    """Adds a version with new material; it takes over the current one's type, operations and tags."""
    current = key.current
    material = crypto.generate(current.kty, size=current.size, curve=current.curve)
    fresh = KeyVersion(
        version=cloud.new_hex(),
        kty=current.kty,
        size=material.size,
        operations=current.operations,
        enabled=True,
        created=int(now),
        updated=int(now),
        public=material.public,
        expires=rotation.expiry(key.rotation_policy, int(now)),
        tags=current.tags,
    )
    return add_version(cloud, key, fresh, material.private)


def _rotate_if_due(cloud: Cloud, vault: Vault, key: Key) -> Key:
    now = cloud.clock.now()
    for _ in range(_MAX_ROTATIONS_AT_ONCE):
        wanted = rotation.due(key.rotation_policy, key.current)
        if wanted is None or not key.current.enabled:
            break
        # A key that was deleted when its rotation was due is rotated once it is back.
        due = max(wanted, vault.recovered, key.visible)
        if due > now:
            break
        key = rotate(cloud, key, due)
        version = key.current.version
        audit.record(
            cloud, vault, operation="KeyRotateIfDue", key=key, version=version, time=due, lasting=False
        )
    return key


def _expired(cloud: Cloud, vault: Vault, key: Key) -> bool:
    date = purge_date(vault, key)
    over = date is not None and date <= cloud.clock.now()
    if over:
        purge(cloud, key)
    return over
