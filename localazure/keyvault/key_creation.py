"""Makes key versions from a caller's request, for ARM and for the data plane.

Owns: defaults and checks of a new version. Does not own: the form of a request (definitions.json), and the
storage of keys. A request has the data plane's spelling: kty, key_size, crv, key_ops, attributes, tags.
"""

import re

from localazure.cloud import Cloud
from localazure.keyvault import crypto, key_store, rotation
from localazure.keyvault.errors import bad_parameter
from localazure.keyvault.models import Key, KeyVersion, Vault
from localazure.refusals import refused
from localazure.web import Json, ServiceError

RSA_OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
EC_OPERATIONS = ("sign", "verify")
_OPERATIONS = {name.lower(): name for name in (*RSA_OPERATIONS, "import", "export")}
_LAST_SECOND = 253402300799  # of the year 9999
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")


def check_name(name: str) -> None:
    """Raises 400 if a key cannot have this name."""
    if not _NAME.fullmatch(name):
        raise bad_parameter(f"The request URI contains an invalid name: {name}")


def make(
    cloud: Cloud,
    vault: Vault,
    name: str,
    sent: Json,
    *,
    material: crypto.Material | None = None,
    policy: Json | None = None,
) -> Key:
    """Makes a key, or another version of it, and stores it; `material` is an imported key pair, `policy` the
    rotation policy of a new key.

    Raises ServiceError: 400 for an invalid request, 409 while the name is soft-deleted.
    """
    check_name(name)
    key = key_store.find(cloud, vault, name)
    now, kty = cloud.clock.now(), str(sent["kty"])
    if key is None and (gone := key_store.find_deleted(cloud, vault, name)):
        raise being_deleted(gone, now)
    if key is not None and key.visible > now:
        raise refused("ObjectIsBeingRecovered", key=name)
    if kty.endswith("-HSM") and not vault.premium:
        raise bad_parameter(f"kty {kty} needs a vault of sku premium; {vault.name} is a standard one")
    if vault.hsm and not kty.endswith("-HSM"):
        raise bad_parameter(f"kty {kty} is not supported: a managed HSM has RSA-HSM and EC-HSM keys")
    enabled, not_before, expires = attributes_of(sent)
    if material is None:
        generate = crypto.sample if cloud.store.forgets else crypto.generate
        try:
            material = generate(kty, size=sent.get("key_size"), curve=sent.get("crv"))
        except crypto.CryptoError as error:
            raise bad_parameter(str(error)) from error
    key = key or Key(vault.id, name, (), rotation_policy=policy)
    version = KeyVersion(
        version=cloud.new_hex(),
        kty=kty,
        size=material.size,
        operations=operations_of(sent, kty),
        enabled=enabled is not False,
        created=int(now),
        updated=int(now),
        public=material.public,
        not_before=not_before,
        expires=rotation.expiry(key.rotation_policy, int(now)) if expires is None else expires,
        tags=sent.get("tags"),
    )
    return key_store.add_version(cloud, key, version, material.private)


def attributes_of(sent: Json) -> tuple[bool | None, int | None, int | None]:
    """enabled, nbf and exp of a body's attributes, None where it has none. Raises 400."""
    attributes = sent.get("attributes") or {}
    for name in ("nbf", "exp"):
        if not 0 <= (attributes.get(name) or 0) <= _LAST_SECOND:
            raise bad_parameter(f"attributes.{name} has to be a number of seconds since 1970")
    if attributes.get("exportable"):
        raise bad_parameter("attributes.exportable true needs a release policy, which is not supported here")
    enabled, not_before, expires = (attributes.get(name) for name in ("enabled", "nbf", "exp"))
    check_validity(not_before, expires)
    return enabled, not_before, expires


def check_validity(not_before: int | None, expires: int | None) -> None:
    """Raises 400 for a version that would expire before it begins to be valid."""
    if not_before is not None and expires is not None and expires <= not_before:
        raise bad_parameter("attributes.exp does not lie after attributes.nbf")


def operations_of(sent: Json, kty: str) -> tuple[str, ...]:
    """Key operations in Key Vault's spelling; the type's own where none are sent."""
    if sent.get("key_ops") is None:
        return EC_OPERATIONS if kty in crypto.EC_TYPES else RSA_OPERATIONS
    return tuple(_OPERATIONS.get(name.lower(), name) for name in sent["key_ops"])


def being_deleted(key: Key, now: float) -> ServiceError:
    """Why the name of a soft-deleted key cannot be used."""
    if key.visible > now:
        return refused("ObjectIsBeingDeleted", key=key.name)
    return refused("ObjectIsDeletedButRecoverable", key=key.name)
