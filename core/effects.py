"""What an update does to the data of an account: one judgement, from how the data is protected before and
after it.

Owns: the words, which a preview and its review share, and which change they are said of. Pure. Does not own:
how either moment is read. The service's preview (core/service/effects.py), the binding's own
(provider/customer_managed_key.py) and the review (review/this_update.py) each describe both moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from core import coverage, key_uris, rights, values
from core.facts import HOURS_HELD
from core.key_uris import KeyUri
from core.rights import Access, EffectiveAccess
from core.values import Hidden, Value, folded
from core.verdicts import Name, Verdict

BOUND: Final = "will be bound to {}"
NOT_ENCRYPTED: Final = "new account WITHOUT a customer key: its data is under Microsoft-managed keys"
ROTATED: Final = "will be re-bound to version {} (rotation)"
REBOUND: Final = "will be re-bound to version {} instead of {}"
OLDER_VERSION: Final = "will be re-bound to version {}, which is not the key's newest ({})"
KEY_CHANGED: Final = "will be re-bound to ANOTHER KEY: {} instead of {}"
KEY_NOT_SHOWN: Final = "will be re-bound, and the preview does not show to which key"
UNBOUND: Final = "UNBOUND: its data goes back to Microsoft-managed keys"
ACCESS_REMOVED: Final = "access to the key REMOVED ({}): the service can no longer read the data"
ACCESS_GIVEN: Final = "access to the key GIVEN ({}): the service can read the data again"
ACCESS_NARROWED: Final = (
    "access to the key NARROWED, {} is missing ({}): data is still read, until the key is bound again"
)
ACCESS_NOT_SHOWN: Final = (
    "access to the key changes, and the preview does not show whether it is still enough ({})"
)
DELETED: Final = f"its data is lost unless the account is restored within {HOURS_HELD} hours"
NEWEST: Final = "the newest (rotates by itself)"
"""The version of a binding that names none."""


def key(vault: str, name: str, version: str) -> str:
    """A key and its version, for a reader."""
    return f"{vault}/{name}, version {version}"


class UsedKey(NamedTuple):
    """The key that data is under: the place of its vault, as `key_uris.place` names it, and its version, None
    where none is named."""

    vault: Value
    name: Value
    version: Value

    @classmethod
    def of(cls, uri: KeyUri) -> UsedKey:
        """The key of a URI."""
        return cls(key_uris.place(uri.vault_uri), uri.name, uri.version or None)

    @property
    def text(self) -> Value:
        """The key and its version, for a reader; a mark if nothing of it is shown."""
        if isinstance(self.version, Hidden) and all(part is self.version for part in self):
            return self.version
        vault, name = (values.as_text(part) for part in self[:2])
        return key(vault, name, values.as_text(self.version) or NEWEST)

    def is_same_key(self, other: UsedKey) -> bool | None:
        """Whether both are versions of one key; None where that is not known."""
        return _are_same(self[:2], other[:2])

    def is_same_version(self, other: UsedKey) -> bool | None:
        """Whether both are the same version of one key; None where that is not known."""
        return _are_same(self, other)


class HeldGrant(NamedTuple):
    """One grant of the key to the identity that uses it, in words, with its permissions, lower case."""

    words: str
    permissions: frozenset[str]
    is_certain: bool = True


@dataclass(frozen=True)
class DataProtection:
    """How the data of an account is protected at one moment.

    `key` is None on Microsoft-managed keys, a mark where nothing shows whether there is one; `newest` the
    newest version that its vault has of that key, lower case, None where it is not known. `grants` are those
    of the identity that uses the key. `kind` is the account's; "" where something else says what a revocation
    does to data of its kind. `takes_place`: the account is made anew in the place of the one before.
    """

    key: UsedKey | Hidden | None = None
    newest: str | None = None
    grants: tuple[HeldGrant, ...] = ()
    kind: str = ""
    takes_place: bool = False


def effect(before: DataProtection | None, after: DataProtection | None) -> Verdict | None:
    """The gravest of `effects`; None if nothing changes."""
    return max(effects(before, after), key=lambda verdict: verdict.severity, default=None)


def effects(before: DataProtection | None, after: DataProtection | None) -> Iterator[Verdict]:
    """What an update does to the data of an account that it finds as `before` and leaves as `after`, None for
    no account: to the access to the key, then to the key."""
    if before is None and after is None:
        return
    if after is None:
        yield Verdict(Name.ACCOUNT_DELETED, f"account DELETED: {DELETED}")
    elif before is None:
        yield _of_new(after.key)
    elif after.takes_place:
        words = "account REPLACED by a new one: its data is lost, the new account starts empty"
        yield Verdict(Name.ACCOUNT_REPLACED, words)
    else:
        yield from _of_access(before, after)
        yield from _of_key(before, after)


def _of_new(key: UsedKey | Hidden | None) -> Verdict:
    if key is None:
        return Verdict(Name.NOT_ENCRYPTED, NOT_ENCRYPTED)
    if isinstance(key, Hidden):
        return Verdict(Name.UNDETERMINED, "new account whose encryption is {}", (key,))
    return Verdict(Name.BOUND, BOUND, (key.text,))


def _of_key(before: DataProtection, after: DataProtection) -> Iterator[Verdict]:
    used, wanted = before.key, after.key
    # Two marks, or two keys with marks in them, may stand for different things.
    if wanted is used:
        return
    if isinstance(used, Hidden) or isinstance(wanted, Hidden):
        yield Verdict(Name.UNDETERMINED, "encryption changes, and the preview does not show to what")
    elif used is None:
        yield _of_new(wanted)
    elif wanted is None:
        yield Verdict(Name.UNBOUND, UNBOUND)
    elif not used.is_same_version(wanted):
        yield _of_rebound(used, wanted, before.newest)


def _of_rebound(used: UsedKey, wanted: UsedKey, newest: str | None) -> Verdict:
    is_same = used.is_same_key(wanted)
    if is_same is None:
        return Verdict(Name.UNDETERMINED, KEY_NOT_SHOWN)
    if not is_same:
        return Verdict(Name.KEY_CHANGED, KEY_CHANGED, (wanted.text, used.text))
    # A version that the update makes is called unknown, never guessed.
    version = wanted.version
    if isinstance(version, Hidden) or (version and folded(version) == newest):
        return Verdict(Name.ROTATED, ROTATED, (version,))
    if version and newest:
        return Verdict(Name.OLDER_VERSION, OLDER_VERSION, (version, newest))
    return Verdict(Name.ROTATED, REBOUND, (version or NEWEST, used.version or NEWEST))


def _of_access(before: DataProtection, after: DataProtection) -> Iterator[Verdict]:
    found = access_effect(before.grants, after.grants)
    if found is None or (before.key is None and after.key is None):
        return
    if found.name is Name.ACCESS_GRANTED and before.key is None:
        # No data is under the key yet.
        return
    if found.name is Name.ACCESS_REVOKED and after.kind:
        does = coverage.named(after.kind).revoked
        found = Verdict(found.name, f"{found.words}; {{}}", (*found.values, does))
    yield found


def access_effect(before: tuple[HeldGrant, ...], after: tuple[HeldGrant, ...]) -> Verdict | None:
    """The effect of other grants on an identity that uses a key; None if it can do as much as before, or as
    little."""
    had, has = _effective(before), _effective(after)
    if set(before) == set(after):
        return None
    if has.level is Access.FULL:
        if had.level in {Access.NONE, Access.NARROWER}:
            return Verdict(Name.ACCESS_GRANTED, ACCESS_GIVEN, (_effective_words(after),))
        return None
    if had.level is Access.NONE:
        return None
    if Access.UNKNOWN in (had.level, has.level):
        return Verdict(Name.UNDETERMINED, ACCESS_NOT_SHOWN, (listed(after) or listed(before),))
    if had.permissions <= has.permissions:
        return None
    if has.level is Access.NARROWER and has.permissions & rights.READS_DATA_KEYS:
        missing = ", ".join(has.missing)
        return Verdict(Name.ACCESS_NARROWED, ACCESS_NARROWED, (missing, listed(after)))
    if had.permissions & rights.READS_DATA_KEYS:
        return Verdict(Name.ACCESS_REVOKED, ACCESS_REMOVED, (_effective_words(before),))
    return None


def _effective(grants: Iterable[HeldGrant]) -> EffectiveAccess:
    certain = [grant.permissions for grant in grants if grant.is_certain]
    doubtful = tuple(grant.words for grant in grants if not grant.is_certain)
    return EffectiveAccess(frozenset[str]().union(*certain), doubtful)


def listed(grants: Iterable[HeldGrant]) -> str:
    """Grants for a reader, each once."""
    return "; ".join(dict.fromkeys(grant.words for grant in grants))


def _effective_words(grants: Iterable[HeldGrant]) -> str:
    return listed(grant for grant in grants if grant.permissions)


def _are_same(one: Iterable[Value], other: Iterable[Value]) -> bool | None:
    """Whether all of these are the same; None where a value that would say so is not known."""
    has_mark = False
    for value, its in zip(one, other, strict=True):
        if isinstance(value, Hidden) or isinstance(its, Hidden):
            has_mark = True
        elif folded(value) != folded(its):
            return False
    return None if has_mark else True
