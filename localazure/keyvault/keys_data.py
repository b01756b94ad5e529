"""Data plane: the life of keys, from their creation to their purge, and cryptography with them."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from localazure.keyvault import access, crypto, key_creation, key_store, rotation, transfer, usage
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.errors import bad_parameter
from localazure.keyvault.models import Key, KeyVersion
from localazure.keyvault.responses import bundle, item, kid
from localazure.keyvault.usage import find_key, find_version
from localazure.refusals import refused
from localazure.routes import Handler
from localazure.web import Json, ServiceError

T = TypeVar("T")
_MAX_PAGE = 25


@operation("KeyCreate")
def create(call: Call) -> Answer:
    """Makes a key, or the next version of one."""
    sent = call.body("keys/create")
    return show(call, key_creation.make(call.cloud, call.vault, call.use.key_name, sent))


@operation("KeyImport")
def import_key(call: Call) -> Answer:
    """Takes in a key pair, or a transfer file with one, as a key or as the next version of one."""
    sent = call.body("keys/import")
    jwk = sent["key"]
    try:
        if transfer.FIELD in jwk:
            material = transfer.material(call.cloud, call.vault, jwk[transfer.FIELD])
        else:
            material = crypto.from_jwk(jwk)
    except crypto.CryptoError as error:
        raise bad_parameter(str(error)) from error
    plain = str(jwk["kty"]).removesuffix("-HSM")
    hardware = sent.get("Hsm") or sent.get("hsm") or jwk["kty"] != plain
    wanted = {**sent, "kty": f"{plain}-HSM" if hardware else plain, "key_ops": jwk.get("key_ops")}
    made = key_creation.make(call.cloud, call.vault, call.use.key_name, wanted, material=material)
    return show(call, made)


@operation("KeyGet")
def get(call: Call) -> Answer:
    """A version, the current one where the path names none; also of a disabled key."""
    key = _key(call)
    return show(call, key, find_version(key, call.use.version))


@operation("KeyList")
def list_keys(call: Call) -> Answer:
    """The keys, without versions in their ids."""
    return _listed(call, deleted=False)


@operation("KeyListVersions")
def list_versions(call: Call) -> Answer:
    """The versions of a key."""
    key = _key(call)
    return page(call, key.versions, lambda v: item(call.vault, key, v, call.request.api_version))


@operation("KeyUpdate")
def update(call: Call) -> Answer:
    """Changes the attributes, operations or tags of a version that the body names."""
    key, sent = _key(call), call.body("keys/update")
    version = find_version(key, call.use.version)
    enabled, not_before, expires = key_creation.attributes_of(sent)
    changes: dict[str, Json] = {
        "enabled": enabled,
        "not_before": not_before,
        "expires": expires,
        "tags": sent.get("tags"),
    }
    if sent.get("key_ops") is not None:
        changes["operations"] = key_creation.operations_of(sent, version.kty)
    given = {name: value for name, value in changes.items() if value is not None}
    changed = replace(version, **given, updated=int(call.cloud.clock.now()))
    key_creation.check_validity(changed.not_before, changed.expires)
    key = key.with_version(changed)
    key_store.save(call.cloud, key)
    return show(call, key, changed)


@operation("KeyRotate")
def rotate(call: Call) -> Answer:
    """Makes the next version, with new material, as the rotation policy says."""
    return show(call, key_store.rotate(call.cloud, _key(call), call.cloud.clock.now()))


@operation("KeyRotationPolicyGet")
def get_rotation_policy(call: Call) -> Answer:
    """The rotation policy, the default one where none was ever set."""
    policy = _key(call).rotation_policy
    return Answer(rotation.DEFAULT if policy is None else policy)


@operation("KeyRotationPolicySet")
def put_rotation_policy(call: Call) -> Answer:
    """Sets the rotation policy; versions that exist keep their expiry."""
    key, sent = _key(call), call.body("keys/rotationpolicy")
    if problem := rotation.problem(sent):
        raise bad_parameter(problem)
    now = int(call.cloud.clock.now())
    before = (key.rotation_policy or {}).get("attributes") or {}
    attributes = {"created": before.get("created", now), "updated": now}
    if expires := (sent.get("attributes") or {}).get("expiryTime"):
        attributes = {"expiryTime": expires, **attributes}
    policy = {
        "id": f"{kid(call.vault, key)}/rotationpolicy",
        "lifetimeActions": rotation.completed(sent)["lifetimeActions"],
        "attributes": attributes,
    }
    key_store.save(call.cloud, replace(key, rotation_policy=policy))
    return Answer(policy)


@operation("KeyDelete")
def delete(call: Call) -> Answer:
    """Soft-deletes a key with all its versions; in a vault without soft delete it is purged.

    For `Behaviour.deleted_keys_visible_after` it is then found in neither place, as on Azure.
    """
    key = find_key(call.cloud, call.vault, call.use.key_name)
    now = call.cloud.clock.now()
    gone = replace(key, deleted=now, visible=now + call.cloud.behaviour.deleted_keys_visible_after)
    if call.vault.soft_delete:
        key_store.save(call.cloud, gone)
    else:
        key_store.purge(call.cloud, key)
    return show(call, gone)


@operation("KeyGetDeleted")
def get_deleted(call: Call) -> Answer:
    """A soft-deleted key."""
    key = _deleted(call)
    return Answer(bundle(call.vault, key, key.current, call.request.api_version))


@operation("KeyListDeleted")
def list_deleted(call: Call) -> Answer:
    """The soft-deleted keys."""
    return _listed(call, deleted=True)


@operation("KeyRecover")
def recover(call: Call) -> Answer:
    """Brings a soft-deleted key back with all its versions."""
    now = call.cloud.clock.now()
    back = replace(
        _deleted(call), deleted=None, visible=now + call.cloud.behaviour.deleted_keys_visible_after
    )
    key_store.save(call.cloud, back)
    return show(call, back)


@operation("KeyPurge")
def purge(call: Call) -> Answer:
    """Purges a soft-deleted key, unless the vault is purge-protected."""
    key = _deleted(call)
    if call.vault.purge_protected:
        raise refused("PurgeProtected", vault=call.vault.name, location=call.vault.location)
    key_store.purge(call.cloud, key)
    return Answer(None, status=204)


def _crypto_handler(name: str) -> Handler:
    @operation(name)
    def act(call: Call) -> Answer:
        data = _decoded(call, "value")
        key, version, result = usage.transform(call.cloud, call.use, str(call.body().get("alg")), data)
        body = {"kid": kid(call.vault, key, version), "value": crypto.b64url(result)}
        return Answer(body, version.version)

    return act


def _decoded(call: Call, name: str) -> bytes:
    try:
        return crypto.from_b64url(call.body().get(name))
    except crypto.CryptoError as error:
        raise bad_parameter(f"{name}: {error}") from error


@operation("KeyVerify")
def verify(call: Call) -> Answer:
    """Whether a signature is that of a digest; the answer names no key."""
    digest, signature = _decoded(call, "digest"), _decoded(call, "value")
    _, version, private = usage.opened(call.cloud, call.use)
    try:
        valid = crypto.verify(private, str(call.body().get("alg")), digest, signature)
    except crypto.CryptoError as error:
        raise bad_parameter(str(error)) from error
    return Answer({"value": valid}, version.version)


CRYPTO: Mapping[str, Handler] = {
    **{access.OPERATIONS[name].permission: _crypto_handler(name) for name in usage.ACTS},
    "verify": verify,
}
"""The operations by the last segment of their path."""


def show(call: Call, key: Key, version: KeyVersion | None = None) -> Answer:
    """A version of a key as an answer, the current one by default."""
    shown = version or key.current
    return Answer(bundle(call.vault, key, shown, call.request.api_version), shown.version)


def _listed(call: Call, *, deleted: bool) -> Answer:
    now = call.cloud.clock.now()
    keys = [key for key in key_store.all_of(call.cloud, call.vault, deleted=deleted) if key.visible <= now]
    return page(call, keys, lambda key: item(call.vault, key, None, call.request.api_version))


def page(call: Call, rows: Sequence[T], render: Callable[[T], Json]) -> Answer:
    """One page of a list. Raises 400 for a `maxresults` outside 1..25, or a bad `$skiptoken`."""
    query = call.request.query
    size, start = query.get("maxresults", str(_MAX_PAGE)), _start(query.get("$skiptoken", ""))
    if not size.isdecimal() or not 1 <= int(size) <= _MAX_PAGE:
        raise bad_parameter(f"maxresults is {size}; expected a number from 1 to {_MAX_PAGE}")
    end = start + int(size)
    body: dict[str, Json] = {"value": [render(row) for row in rows[start:end]], "nextLink": None}
    if end < len(rows):
        token = base64.urlsafe_b64encode(str(end).encode()).decode()
        path = call.request.path.lstrip("/")
        # The port, too, as the API definition's examples have it.
        body["nextLink"] = (
            f"{call.vault.uri.rstrip('/')}:443/{path}"
            f"?api-version={call.request.api_version}&$skiptoken={token}&maxresults={size}"
        )
    return Answer(body)


def _start(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token.encode()) or b"0")
    except (binascii.Error, ValueError) as error:
        raise bad_parameter("$skiptoken is not valid") from error


def _key(call: Call) -> Key:
    return find_key(call.cloud, call.vault, call.use.key_name)


def _deleted(call: Call) -> Key:
    key = key_store.find_deleted(call.cloud, call.vault, call.use.key_name)
    if key is None or key.visible > call.cloud.clock.now():
        raise ServiceError(404, "KeyNotFound", f"Deleted Key not found: {call.use.key_name}")
    return key
