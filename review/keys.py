"""Which key an account's data is under: the vault, the key and its version.

Owns: reading it from a binding or from the account's own inline encryption.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from review.resource import State
from review.values import Mark, Value, flag, folded, look, text

_KEY_URI: Final = re.compile(r"https://([^/]+)/keys/([^/]+)(?:/([^/]+))?/?", re.IGNORECASE)
_KEY_ID: Final = re.compile(r"/vaults/([^/]+)/keys/([^/]+)", re.IGNORECASE)


@dataclass(frozen=True)
class BoundKey:
    """A key as an account uses it. `vault` is the vault's name, `identity` a client id."""

    vault: Value
    name: Value
    version: Value
    identity: Value = None

    def same_key(self, other: BoundKey) -> bool | None:
        """Whether both are versions of one key; None when that is not known."""
        return _both(_same(self.vault, other.vault), _same(self.name, other.name))

    def same_version(self, other: BoundKey) -> bool | None:
        """Whether both are the same version of the same key; None when that is not known."""
        return _both(self.same_key(other), _same(self.version, other.version))


def of_binding(state: State, *, live: bool, key_version: State | None) -> BoundKey:
    """The key of a binding. Where the update makes the version, `key_version` still tells the key."""
    uri = text(state.found("keyUriWithVersion") if live else state.declared("keyUriWithVersion"))
    identity = text(look(state.inputs, "identityClientId"))
    key = _parsed(uri)
    if key is None and key_version is not None:
        id = text(key_version.declared("keyId"))
        match = _KEY_ID.search(id) if isinstance(id, str) else None
        if match:
            return BoundKey(match[1].lower(), match[2], Mark.UNKNOWN, identity)
    return (
        BoundKey(Mark.UNKNOWN, Mark.UNKNOWN, Mark.UNKNOWN, identity)
        if key is None
        else BoundKey(*key, identity)
    )


def of_account(state: State, *, live: bool) -> BoundKey | Mark | None:
    """The key in an account's own `encryption`; None on Microsoft-managed keys, as when there is no entry."""
    encryption = state.found("properties.encryption") if live else look(state.inputs, "properties.encryption")
    if isinstance(encryption, Mark):
        return encryption
    source = text(look(encryption, "keySource"))
    properties = look(encryption, "keyVaultProperties")
    if isinstance(source, Mark):
        return source
    if folded(source) != "microsoft.keyvault" and not (source is None and properties):
        return None
    uri = text(look(properties, "keyVaultUri"))
    return BoundKey(
        vault=vault_name(uri),
        name=text(look(properties, "keyName")),
        version=text(look(properties, "keyVersion")) or None,
        identity=text(look(properties, "identityClientId")) or None,
    )


def is_disabled(key: State) -> bool:
    """Whether a key's newest version is said to be disabled: asked for, or found.

    azure-native nests a key's inputs under `properties` and not its outputs.
    """
    asked, found = look(key.inputs, "properties.attributes.enabled"), key.computed("attributes.enabled")
    return False in (flag(asked), flag(found))


def vault_name(uri: Value) -> Value:
    """The vault's name from its endpoint: Azure makes the host from the name."""
    if not isinstance(uri, str):
        return uri
    return (urlsplit(uri).hostname or uri).split(".")[0]


def _parsed(uri: Value) -> tuple[Value, Value, Value] | None:
    match = _KEY_URI.fullmatch(uri) if isinstance(uri, str) else None
    return (match[1].lower().split(".")[0], match[2], match[3]) if match else None


def _same(one: Value, other: Value) -> bool | None:
    if isinstance(one, Mark) or isinstance(other, Mark):
        return None
    return folded(one) == folded(other)


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
