"""Data plane: backup and restore of keys.

A backup holds every version of a key, sealed with a key of this cloud, so that no other cloud can read it.
Key Vault's documentation says that a backup can be restored within its subscription and geography; here the
subscription is checked, and geographies are not modelled.
"""

import json
import os
from dataclasses import replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from localazure.cloud import Cloud
from localazure.keyvault import crypto, key_creation, key_store
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.errors import bad_parameter
from localazure.keyvault.keys_data import show
from localazure.keyvault.models import Key, key_of
from localazure.keyvault.usage import find_key
from localazure.refusals import refused
from localazure.web import Json

_KIND, _NONCE_BYTES = "vault.backupKey", 12


@operation("KeyBackup")
def backup(call: Call) -> Answer:
    """The whole key as one opaque text."""
    key = find_key(call.cloud, call.vault, call.use.key_name)
    material = {v.version: key_store.private_half(call.cloud, key, v) for v in key.versions}
    content = {"subscription": call.vault.subscription_id, "key": key.document(), "material": material}
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(call.cloud.own_key(_KIND)).encrypt(nonce, json.dumps(content).encode(), None)
    return Answer({"value": crypto.b64url(nonce + sealed)})


@operation("KeyRestore")
def restore(call: Call) -> Answer:
    """The key of a backup with all its versions. Raises 400 if it is no backup, 409 for a taken name."""
    content = _opened(call.cloud, call.body().get("value"))
    # Status and text assumed.
    if content["subscription"].lower() != call.vault.subscription_id.lower():
        raise bad_parameter("The backup was made in another subscription and cannot be restored in this one.")
    old = key_of(content["key"])
    now = call.cloud.clock.now()
    if gone := key_store.find_deleted(call.cloud, call.vault, old.name):
        raise key_creation.being_deleted(gone, now)
    if key_store.find(call.cloud, call.vault, old.name) is not None:
        raise refused("KeyIsThere", uri=f"{call.vault.uri}keys/{old.name}")
    key = Key(call.vault.id, old.name, (), rotation_policy=old.rotation_policy)
    for version in old.versions:
        kept = replace(version, tags=version.tags and dict(version.tags))
        key = key_store.add_version(call.cloud, key, kept, content["material"][version.version])
    return show(call, key)


def _opened(cloud: Cloud, value: Json) -> Any:
    try:
        blob = crypto.from_b64url(value)
        content = AESGCM(cloud.own_key(_KIND)).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], None)
    except (crypto.CryptoError, InvalidTag, ValueError) as error:
        raise bad_parameter("Backup blob is corrupted or malformed.") from error
    return json.loads(content)
