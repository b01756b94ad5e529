"""What an account says about its encryption and its identity."""

import re
from dataclasses import dataclass
from typing import Final

from core import facts
from policies.rule import NotYetKnown
from policies.view import UNKNOWN, View, as_word, shown, type_of_unknown

KEY_VAULT_SOURCE: Final = facts.CUSTOMER_MANAGED.lower()
SERVICE_SOURCE: Final = facts.MICROSOFT_MANAGED.lower()
Text = str | type_of_unknown | None


@dataclass(frozen=True)
class DeclaredIdentity:
    """`type` as Azure compares it: lower case, no spaces; None when absent."""

    type: Text
    attached: tuple[str, ...] | type_of_unknown
    client_ids: frozenset[str]

    @property
    def is_system(self) -> bool:
        """True when the account has an identity of its own."""
        return isinstance(self.type, str) and "systemassigned" in self.type.split(",")

    @property
    def is_user(self) -> bool:
        """True when identities made elsewhere are attached."""
        return isinstance(self.type, str) and "userassigned" in self.type.split(",")


@dataclass(frozen=True)
class DeclaredEncryption:
    """The account's `encryption`; `source` is lower case, and Key Vault when it is not stated."""

    source: Text
    vault_uri: Text
    key_name: Text
    key_version: Text
    client_id: Text

    @property
    def is_customer_key(self) -> bool:
        """True when the account names a key of its own."""
        return self.source == KEY_VAULT_SOURCE


def identity_of(account: View) -> DeclaredIdentity:
    """The identity of an account. Inputs list user-assigned ids; outputs map them to client ids."""
    identity = View(account.get("identity"))
    if identity.is_unknown:
        return DeclaredIdentity(UNKNOWN, UNKNOWN, frozenset())
    attached = identity.get("userAssignedIdentities")
    entries = View(attached).get() if attached is not UNKNOWN else UNKNOWN
    ids: tuple[str, ...] | type_of_unknown = UNKNOWN
    clients: set[str] = set()
    if entries is not UNKNOWN:
        items = View({"ids": entries}).items("ids")
        ids = UNKNOWN if items is UNKNOWN or UNKNOWN in items else tuple(str(item) for item in items)
        for one in ids if ids is not UNKNOWN else ():
            client = View(entries).get(one, "clientId")
            if isinstance(client, str):
                clients.add(client.lower())
    return DeclaredIdentity(as_word(identity.get("type")), ids, frozenset(clients))


def encryption_of(account: View) -> DeclaredEncryption | type_of_unknown | None:
    """The encryption an account states; None when it states none, UNKNOWN when the whole is not known."""
    block = account.at("encryption")
    if block.is_unknown:
        return UNKNOWN
    if block.is_absent:
        return None
    source = as_word(block.get("keySource"))
    details = View(block.get("keyVaultProperties"))
    if details.is_unknown:
        return DeclaredEncryption(source or KEY_VAULT_SOURCE, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    return DeclaredEncryption(
        source=source or KEY_VAULT_SOURCE,
        vault_uri=details.text("keyVaultUri"),
        key_name=details.text("keyName"),
        key_version=details.text("keyVersion"),
        client_id=details.text("identityClientId"),
    )


def stated_key(account: View) -> DeclaredEncryption | NotYetKnown | None:
    """The customer-managed key that an account states, or what of it is unknown; else None."""
    encryption = encryption_of(account)
    if encryption is UNKNOWN:
        return NotYetKnown("properties.encryption is not known yet")
    if encryption is not None and encryption.source is UNKNOWN:
        return NotYetKnown("properties.encryption.keySource is not known yet")
    return encryption if encryption is not None and encryption.is_customer_key else None


def shown_identity(account: View) -> str:
    """An account's identity as a message names it."""
    return f"identity.type is {shown(account.get('identity', 'type'))}"


def _path(text: str) -> tuple[str, ...]:
    """The parts of a property path: properties.encryption and properties["encryption"] are one."""
    return tuple(part for part in re.split(r"[.\[\]\"']+", text) if part)


def covers(ignore_changes: tuple[str, ...], *wanted: str) -> bool:
    """True when ignoreChanges takes in the whole property at the path `wanted`."""
    return any(_fits(_path(text), wanted) for text in ignore_changes)


def leaves_encryption(ignore_changes: tuple[str, ...]) -> bool:
    """True when a program leaves an account's encryption as it is: it ignores changes of all of it, or says
    by LIVE_ENCRYPTION that what it declares is what the account has."""
    return facts.LIVE_ENCRYPTION in ignore_changes or covers(ignore_changes, "properties", "encryption")


def touches(ignore_changes: tuple[str, ...], *wanted: str) -> bool:
    """True when ignoreChanges takes in the property at the path `wanted`, or a part of it."""
    return any(_fits(_path(text)[: len(wanted)], wanted) for text in ignore_changes)


def _fits(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return (
        bool(path)
        and len(path) <= len(wanted)
        and all(part in ("*", name) for part, name in zip(path, wanted, strict=False))
    )
