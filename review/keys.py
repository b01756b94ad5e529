"""Which key an account's data is under, from a binding or from the account's inline encryption."""

from __future__ import annotations

from dataclasses import dataclass, field

from core import key_uris, values
from core.arm_ids import MalformedError
from core.facts import CUSTOMER_MANAGED
from core.key_uris import KeyUri
from core.values import Mark, Value, folded, look, text
from review.resource import ReviewedResource, ReviewedState


@dataclass(frozen=True)
class ReviewedKey:
    """A key as an account uses it. `vault` is the vault's name, or that of a managed HSM as
    `key_uris.place` gives it; `identity` a client id."""

    vault: Value
    name: Value
    version: Value
    identity: Value = None
    host: str | None = field(default=None, compare=False)

    @property
    def shown(self) -> Value:
        """The key and its version, for a reader."""
        parts = (self.vault, self.name, self.version)
        if all(part is Mark.UNKNOWN for part in parts):
            return Mark.UNKNOWN
        said = [part.value if isinstance(part, Mark) else (part or "no version") for part in parts]
        return f"{said[0]}/{said[1]}, version {said[2]}"

    def same_key(self, other: ReviewedKey) -> bool | None:
        """Whether both are versions of one key; None when that is not known."""
        return _all_same((self.vault, other.vault), (self.name, other.name))

    def same_version(self, other: ReviewedKey) -> bool | None:
        """Whether both are the same version of the same key; None when that is not known."""
        pairs = ((self.vault, other.vault), (self.name, other.name), (self.version, other.version))
        return _all_same(*pairs)


def of_uri(uri: Value, identity: Value) -> ReviewedKey | None:
    """The key that a URI names; None where it names none, or is not known."""
    key = _parsed(uri)
    if key is None:
        return None
    return ReviewedKey(key_uris.place(key.vault_uri), key.name, key.version or None, identity, key.host)


def of_encryption(encryption: object) -> ReviewedKey | Mark | None:
    """The key in an account's `encryption`; None on Microsoft-managed keys, as when there is no entry."""
    if isinstance(encryption, Mark):
        return encryption
    source, properties = text(look(encryption, "keySource")), look(encryption, "keyVaultProperties")
    if isinstance(source, Mark):
        return source
    if folded(source) != CUSTOMER_MANAGED.lower() and not (source is None and properties):
        return None
    uri = text(look(properties, "keyVaultUri"))
    known = isinstance(uri, str)
    return ReviewedKey(
        # Azure makes the host from the vault's name.
        vault=key_uris.place(uri) or key_uris.vault_host(uri).split(".")[0] if isinstance(uri, str) else uri,
        name=text(look(properties, "keyName")),
        version=text(look(properties, "keyVersion")) or None,
        identity=text(look(properties, "identityClientId")) or None,
        host=key_uris.vault_host(str(uri)) if known else None,
    )


def is_disabled(key: ReviewedState) -> bool | Mark:
    """Whether a key's newest version is disabled, by the program or in the vault; a mark where the program
    does not show it."""
    stated, found = (values.flag(one("attributes.enabled")) for one in (key.stated, key.found))
    return False in (stated, found) or (stated if isinstance(stated, Mark) else False)


def newest_version(key: ReviewedResource | None) -> str | None:
    """The version that a vault names as a key's current one, lower case; None where it is not known."""
    parsed = _parsed(text(key.live.found("keyUriWithVersion"))) if key and key.live else None
    return parsed.version.lower() if parsed and parsed.version else None


def _parsed(uri: Value) -> KeyUri | None:
    try:
        return key_uris.parse(uri) if isinstance(uri, str) else None
    except MalformedError:
        return None


def _all_same(*pairs: tuple[Value, Value]) -> bool | None:
    same = [None if Mark in map(type, pair) else folded(pair[0]) == folded(pair[1]) for pair in pairs]
    return False if False in same else None if None in same else True
