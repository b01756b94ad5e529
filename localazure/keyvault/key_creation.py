"""Making key versions out of what a caller asked for, in ARM and in the data plane alike.

Owns: defaults and checks of a new version. Does not own: either spelling of a request, or where keys live.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from localazure.cloud import Cloud
from localazure.keyvault import crypto, key_store, rotation
from localazure.keyvault.model import Key, KeyVersion, Vault
from localazure.keyvault.usage import bad_parameter
from localazure.web import Json, ServiceError

RSA_OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
EC_OPERATIONS = ("sign", "verify")
_OPERATIONS = {name.lower(): name for name in (*RSA_OPERATIONS, "import", "export")}
_LAST_SECOND = 253402300799  # of the year 9999
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")


@dataclass(frozen=True)
class KeyRequest:
    """A key as a client asks for it, not yet checked. `attributes` has `enabled`, `nbf`, `exp`."""

    kty: Any
    size: Any = None
    curve: Any = None
    operations: Any = None
    attributes: Json = None
    tags: Json = None
    rotation_policy: Json = None


def check_name(name: str) -> None:
    """Raises 400 for what cannot be a key's name."""
    if not _NAME.fullmatch(name):
        raise bad_parameter(f"The request URI contains an invalid name: {name}")


def make(
    cloud: Cloud, vault: Vault, name: str, request: KeyRequest, material: crypto.Material | None = None
) -> Key:
    """Makes a key, or another version of it, and stores it; `material` is an imported key pair.

    Raises ServiceError: 400 for an invalid request, 409 while the name is soft-deleted.
    """
    check_name(name)
    key = key_store.find(cloud, vault, name)
    now = cloud.clock.now()
    if key is None and (gone := key_store.find_deleted(cloud, vault, name)):
        raise being_deleted(gone, now)
    if key is not None and key.visible > now:
        raise _conflict("ObjectIsBeingRecovered", f"Key {name} is currently being recovered.")
    if request.rotation_policy is not None and (found := rotation.problem(request.rotation_policy)):
        raise bad_parameter(found)
    if str(request.kty).endswith("-HSM") and not vault.premium:
        raise bad_parameter(f"kty {request.kty} needs a vault of sku premium; {vault.name} is a standard one")
    if vault.hsm and not str(request.kty).endswith("-HSM"):
        raise bad_parameter(f"kty {request.kty} is not supported: a managed HSM has RSA-HSM and EC-HSM keys")
    enabled, not_before, expires = attributes_of(request.attributes)
    operations, tags = operations_of(request.operations, str(request.kty)), tags_of(request.tags)
    if material is None:
        material = _generate(request)
    if key is None:
        policy = None if request.rotation_policy is None else rotation.completed(request.rotation_policy)
        key = Key(vault.id, name, (), rotation_policy=policy)
    version = KeyVersion(
        version=cloud.new_hex(),
        kty=str(request.kty),
        size=material.size,
        operations=operations,
        enabled=enabled is not False,
        created=int(now),
        updated=int(now),
        public=material.public,
        not_before=not_before,
        expires=rotation.expiry(key.rotation_policy, int(now)) if expires is None else expires,
        tags=tags,
    )
    return key_store.add_version(cloud, key, version, material.private)


def attributes_of(sent: Json) -> tuple[bool | None, int | None, int | None]:
    """enabled, nbf and exp of a body's attributes, None where it has none. Raises 400."""
    if sent is None:
        return None, None, None
    if not isinstance(sent, dict):
        raise bad_parameter("attributes is no object")
    enabled, not_before, expires = (sent.get(name) for name in ("enabled", "nbf", "exp"))
    if enabled is not None and not isinstance(enabled, bool):
        raise bad_parameter(f"attributes.enabled is {enabled!r}; expected true or false")
    for name, value in (("nbf", not_before), ("exp", expires)):
        if value is not None and (type(value) is not int or not 0 <= value <= _LAST_SECOND):
            raise bad_parameter(f"attributes.{name} is {value!r}; expected whole seconds since 1970")
    check_validity(not_before, expires)
    if sent.get("exportable"):
        raise bad_parameter("attributes.exportable true needs a release policy, which is not supported here")
    return enabled, not_before, expires


def check_validity(not_before: int | None, expires: int | None) -> None:
    """Raises 400 for a version that would expire before it begins to be valid."""
    if not_before is not None and expires is not None and expires <= not_before:
        raise bad_parameter("attributes.exp does not lie after attributes.nbf")


def operations_of(sent: Json, kty: str) -> tuple[str, ...]:
    """Key operations in Key Vault's spelling; the type's own where none are sent. Raises 400."""
    if sent is None:
        return EC_OPERATIONS if kty in crypto.EC_TYPES else RSA_OPERATIONS
    if not isinstance(sent, list) or any(str(name).lower() not in _OPERATIONS for name in sent):
        raise bad_parameter(f"key_ops {sent!r} is not valid; known are {sorted(_OPERATIONS.values())}")
    return tuple(_OPERATIONS[str(name).lower()] for name in sent)


def tags_of(sent: Json) -> dict[str, str]:
    """The tags of a body. Raises 400."""
    if sent is None:
        return {}
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise bad_parameter("tags is no map of strings")
    return sent


def being_deleted(key: Key, now: float) -> ServiceError:
    """Why the name of a soft-deleted key cannot be used."""
    if key.visible > now:
        return _conflict("ObjectIsBeingDeleted", f"Key {key.name} is currently being deleted.")
    return _conflict(
        "ObjectIsDeletedButRecoverable",
        f"Key {key.name} is currently in a deleted but recoverable state, and its name cannot be reused; in "
        "this state, the key can only be recovered or purged.",
    )


def _conflict(code: str, message: str) -> ServiceError:
    return ServiceError(409, "Conflict", message, extra={"innererror": {"code": code}})


def _generate(request: KeyRequest) -> crypto.Material:
    if request.size is not None and (isinstance(request.size, bool) or not isinstance(request.size, int)):
        raise bad_parameter(f"key_size is {request.size!r}; expected a number of bits")
    try:
        return crypto.generate(str(request.kty), size=request.size, curve=request.curve)
    except crypto.CryptoError as error:
        raise bad_parameter(str(error)) from error
