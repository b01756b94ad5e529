"""Which key an account's data is under, from a binding or from the account's inline encryption."""

from __future__ import annotations

from dataclasses import dataclass, field

from core import arm_ids, key_uris
from core.facts import CUSTOMER_MANAGED
from core.key_uris import KeyUri
from review.resource import ReviewedResource, ReviewedState
from review.values import Mark, Value, flag, folded, look, text


@dataclass(frozen=True)
class ReviewedKey:
    """A key as an account uses it. `vault` is the vault's name, or that of a managed HSM as
    `key_uris.place` gives it; `identity` a client id."""

    vault: Value
    name: Value
    version: Value
    identity: Value = None
    host: str | None = field(default=None, compare=False)

    def same_key(self, other: ReviewedKey) -> bool | None:
        """Whether both are versions of one key; None when that is not known."""
        return _both(_same(self.vault, other.vault), _same(self.name, other.name))

    def same_version(self, other: ReviewedKey) -> bool | None:
        """Whether both are the same version of the same key; None when that is not known."""
        return _both(self.same_key(other), _same(self.version, other.version))


def of_binding(state: ReviewedState, *, live: bool, key_version: ReviewedState | None) -> ReviewedKey:
    """The key of a binding. Where the update makes the version, `key_version` still names the key."""
    uri = text(state.found("keyUriWithVersion") if live else state.declared("keyUriWithVersion"))
    identity = text(look(state.inputs, "identityClientId")) or None
    key = _parsed(uri)
    if key is None and key_version is not None:
        id = text(key_version.declared("keyId"))
        if isinstance(id, str) and (named := _named(id)):
            return ReviewedKey(key_uris.place_of(named.parent.text), named.name, Mark.UNKNOWN, identity)
    if key is None:
        return ReviewedKey(Mark.UNKNOWN, Mark.UNKNOWN, Mark.UNKNOWN, identity)
    return ReviewedKey(key_uris.place(key.vault_uri), key.name, key.version or None, identity, key.host)


def of_account(state: ReviewedState, *, live: bool) -> ReviewedKey | Mark | None:
    """The key in an account's own `encryption`; None on Microsoft-managed keys, as when there is no entry."""
    encryption = state.found("properties.encryption") if live else look(state.inputs, "properties.encryption")
    if isinstance(encryption, Mark):
        return encryption
    source = text(look(encryption, "keySource"))
    properties = look(encryption, "keyVaultProperties")
    if isinstance(source, Mark):
        return source
    if folded(source) != CUSTOMER_MANAGED.lower() and not (source is None and properties):
        return None
    uri = text(look(properties, "keyVaultUri"))
    return ReviewedKey(
        vault=vault_name(uri),
        name=text(look(properties, "keyName")),
        version=text(look(properties, "keyVersion")) or None,
        identity=text(look(properties, "identityClientId")) or None,
        host=key_uris.vault_host(uri) if isinstance(uri, str) else None,
    )


def is_disabled(key: ReviewedState) -> bool:
    """Whether a key's newest version is disabled, by the program or in the vault.

    azure-native nests a key's inputs under `properties` and not its outputs.
    """
    declared, live = look(key.inputs, "properties.attributes.enabled"), key.computed("attributes.enabled")
    return False in (flag(declared), flag(live))


def newest_version(key: ReviewedResource | None) -> str | None:
    """The version that a vault names as a key's current one, lower case; None where it is not known."""
    state = key.live if key else None
    uri = text(state.found("keyUriWithVersion")) if state else None
    parsed = _parsed(uri)
    return parsed.version.lower() if parsed and parsed.version else None


def vault_name(uri: Value) -> Value:
    """The vault's name from its endpoint, or the managed HSM's: Azure makes the host from the name."""
    if not isinstance(uri, str):
        return uri
    return key_uris.place(uri) or key_uris.vault_host(uri).split(".")[0]


def _named(id: str) -> arm_ids.ArmId | None:
    try:
        return arm_ids.key_id(id)
    except arm_ids.MalformedError:
        return None


def _parsed(uri: Value) -> KeyUri | None:
    try:
        return key_uris.parse(uri) if isinstance(uri, str) else None
    except arm_ids.MalformedError:
        return None


def _same(one: Value, other: Value) -> bool | None:
    if isinstance(one, Mark) or isinstance(other, Mark):
        return None
    return folded(one) == folded(other)


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
