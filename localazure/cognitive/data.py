"""Data at rest: one AES-256 key per account, wrapped by Microsoft's or the customer's key.

Owns: the data key and its wrappings, and the ciphertext of the data under it. A rotation changes only the
wrapping. Each read unwraps the key, so that a revocation counts at once.
"""

import hmac
import json
import os
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import replace
from math import inf

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from localazure.cloud import Cloud
from localazure.cognitive.identity import key_user
from localazure.cognitive.models import KEY_VAULT, MICROSOFT, Account, save
from localazure.keyvault.trusted_services import KeyRefused, KeyUser, key_at
from localazure.web import Json

_MASTER = "account.masterKey"
"""The store's kind of the key that Microsoft manages."""
_REMEMBERED = "account.rememberedKey"
_NONCE_BYTES = 12


def new_data_key() -> bytes:
    """A new AES-256 key, from the machine's own randomness."""
    return os.urandom(32)


def wrap(cloud: Cloud, account: Account, data_key: bytes, correlation_id: str) -> Json:
    """The data key, wrapped as the account's encryption block says. Raises KeyRefused.

    This first reads the customer's key, then tries to wrap and to unwrap (the source asks for get, wrapKey
    and unwrapKey): a data key that was only ever wrapped could be lost.
    """
    target = account.key_vault_properties
    if target is None:
        return wrap_for_microsoft(cloud, data_key)
    wrapping = {
        "by": KEY_VAULT,
        "vaultUri": target["keyVaultUri"],
        "keyName": target["keyName"],
        "keyVersion": target.get("keyVersion") or newest_version(cloud, target),
    }
    user = _user(cloud, account, wrapping, correlation_id)
    user.read()
    if account.kind == "AIServices" and cloud.behaviour.foundry_key_role == "crypto_user":
        user.need_crypto_user()
    wrapped = user.wrap(data_key)
    user.unwrap(wrapped)
    return {**wrapping, "wrapped": _text(wrapped)}


def newest_version(cloud: Cloud, target: Json) -> str:
    """The newest usable version of the key that a block names."""
    key = key_at(cloud, target["keyVaultUri"], target["keyName"], "")
    return key.version if key else ""


def follow_key(cloud: Cloud, account: Account, correlation_id: str) -> None:
    """Wraps the data key of an account that names no version of its key with the newest, if there is a newer
    one since. That this comes with the next use of the data is assumed, and that the version before is used
    on where the newest cannot be."""
    target = account.key_vault_properties
    if target is None or target.get("keyVersion"):
        return
    if newest_version(cloud, target) in ("", account.wrapping["keyVersion"]):
        return
    with suppress(KeyRefused):
        data_key = _unwrapped(cloud, account, correlation_id)
        wrapping = wrap(cloud, account, data_key, correlation_id)
        save(cloud, replace(account, wrapping=wrapping))


def wrap_for_microsoft(cloud: Cloud, data_key: bytes) -> Json:
    """The data key, wrapped with the key that Microsoft manages."""
    return {"by": MICROSOFT, "wrapped": _text(aes_key_wrap(cloud.own_key(_MASTER), data_key))}


def unwrap(cloud: Cloud, account: Account, correlation_id: str) -> bytes:
    """The account's data key, fetched now. Raises KeyRefused where the customer's key denies it.

    The service may remember the key of an earlier time (`key_remembered_seconds`, assumed).
    """
    lasts = cloud.behaviour.key_remembered_seconds
    if not lasts and cloud.behaviour.move_without_old_key == "refused":
        return _unwrapped(cloud, account, correlation_id)
    try:
        data_key = _unwrapped(cloud, account, correlation_id)
    except KeyRefused:
        known = remembered(cloud, account, lasts) if lasts else None
        if known is None:
            raise
        return known
    kept = {"at": cloud.clock.now(), "of": account.internal_id}
    cloud.store.put(_REMEMBERED, account.id, {**kept, **wrap_for_microsoft(cloud, data_key)})
    return data_key


def remembered(cloud: Cloud, account: Account, seconds: float = inf) -> bytes | None:
    """The account's data key as the service last fetched it, at most so long ago; None if it did not."""
    known = cloud.store.get(_REMEMBERED, account.id)
    if known is None or known["of"] != account.internal_id or known["at"] + seconds < cloud.clock.now():
        return None
    return aes_key_unwrap(cloud.own_key(_MASTER), b64decode(known["wrapped"]))


def _unwrapped(cloud: Cloud, account: Account, correlation_id: str) -> bytes:
    wrapping = account.wrapping
    wrapped = b64decode(wrapping["wrapped"])
    if wrapping["by"] == MICROSOFT:
        return aes_key_unwrap(cloud.own_key(_MASTER), wrapped)
    return _user(cloud, account, wrapping, correlation_id).unwrap(wrapped)


def readable(cloud: Cloud, account: Account, correlation_id: str) -> bool:
    """Whether the account's data can be read now. This uses the customer's key, and is logged as any use."""
    try:
        unwrap(cloud, account, correlation_id)
    except KeyRefused:
        return False
    return True


def seal(data_key: bytes, name: str, value: Json) -> Json:
    """A JSON value as AES-256-GCM ciphertext that opens under this `name` alone."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(data_key).encrypt(nonce, json.dumps(value).encode(), name.encode())
    return {"nonce": _text(nonce), "ciphertext": _text(sealed)}


def unseal(data_key: bytes, name: str, sealed: Json) -> Json:
    """The value sealed under this name. Raises ValueError if it was changed, moved or sealed otherwise."""
    try:
        opened = AESGCM(data_key).decrypt(
            b64decode(sealed["nonce"]), b64decode(sealed["ciphertext"]), name.encode()
        )
    except InvalidTag as error:
        raise ValueError(f"the stored data of {name} is not what was written") from error
    return json.loads(opened)


def label(data_key: bytes, name: str) -> str:
    """64 hex digits that stand for a customer's word in the store, so that it can be found by the word."""
    return hmac.new(data_key, name.lower().encode(), "sha256").hexdigest()


def _user(cloud: Cloud, account: Account, wrapping: Json, correlation_id: str) -> KeyUser:
    """The account's identity, at the key that a wrapping names. Raises KeyRefused where there is none."""
    object_id, reason = key_user(cloud, account)
    if object_id is None:
        raise KeyRefused("identity", reason)
    vault_uri, name, version = (wrapping[word] for word in ("vaultUri", "keyName", "keyVersion"))
    return KeyUser(cloud, object_id, vault_uri, name, version, correlation_id)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
