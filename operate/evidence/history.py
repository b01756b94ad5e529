"""A key over time, from the facts: since when a version is in use, and by whom; which version is newest, and
when the next one is due.

ARM records no time of a binding. It was bound at the earliest when the version was created, and at
the latest when the account first used it. Source of the rules of rotation: azure/key-vault/keys/
how-to-configure-key-rotation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import isodate

from core import demands
from core.facts import Account, Key, KeyVersion
from operate.evidence.model import KeyUseLog, NotChecked, UseRow, moment

_QUIET_DAYS = 7
UNWRAPS = frozenset({"KeyUnwrap", "KeyDecrypt"})


@dataclass(frozen=True)
class BoundSince:
    """The account was bound between these moments, None if unknown. `source` says where they come from."""

    not_before: datetime | None
    not_after: datetime | None
    source: str


def bound_since(
    account: Account, key: Key | NotChecked | None, use: KeyUseLog | NotChecked | None
) -> BoundSince:
    """Since when the account has been bound to its version."""
    version = key.version(account.encryption.key_version) if isinstance(key, Key) else None
    not_before = moment(version.created) if version else None
    if use is None or isinstance(use, NotChecked):
        why = use.why if use else "it was not asked for"
        return BoundSince(not_before, None, f"not known: the audit log was not checked ({why})")
    bound, user = account.encryption.key, (account.key_user or "").lower()
    mine = [
        row.first
        for row in use.rows
        if bound and user == row.identity.lower() and not row.refused
        if f"{row.key_uri}/".startswith(f"{bound.text.lower()}/")
    ]
    if not mine:
        why = (
            f"not known: the audit log since {use.since:%Y-%m-%d} has no use of this version by the account's"
        )
        return BoundSince(not_before, None, f"{why} identity")
    return BoundSince(not_before, min(mine), "audit log: first use of this version by the account's identity")


def last_unwrap(account: Account, use: KeyUseLog) -> datetime | None:
    """When the account last unwrapped with its key, by the audit log."""
    user = (account.key_user or "").lower()
    return max(
        (
            row.last
            for row in rows_of(account.encryption.key_name, use)
            if row.identity.lower() == user and row.operation in UNWRAPS and not row.refused
        ),
        default=None,
    )


def rows_of(key_name: str, use: KeyUseLog) -> tuple[UseRow, ...]:
    """The rows about one key of the vault; a row that names no key counts for each key."""
    part = f"/keys/{key_name}/".lower()
    return tuple(row for row in use.rows if not row.key_uri or part in f"{row.key_uri}/")


def silence(rows: Iterable[UseRow]) -> tuple[datetime, datetime] | None:
    """The longest time without records, by its first and its last day. It counts only if it lies between two
    days with records, is a week or longer, and records otherwise came at least every other day; None if
    there is none."""
    days = sorted({row.day for row in rows})
    gaps = [(after - before, before) for before, after in pairwise(days)]
    if not gaps:
        return None
    longest, before = max(gaps)
    others = days[-1] - days[0] - longest
    if longest.days <= _QUIET_DAYS or others.days > 2 * (len(days) - 2) or len(days) < _QUIET_DAYS:
        return None
    return before + timedelta(days=1), before + longest - timedelta(days=1)


def newest(key: Key, now: datetime) -> KeyVersion | None:
    """The newest version that can be used now: enabled and within its dates."""
    return demands.newest_usable(key.versions[::-1], now.timestamp())


def is_usable(version: KeyVersion, now: datetime) -> bool:
    """Whether a version is enabled and within its dates."""
    return not demands.key_usable(version, now.timestamp())


def next_rotation(key: Key) -> datetime | None:
    """When the vault makes the next version by itself; None if it does not. Like the vault, this counts from
    the last version of all, enabled or not."""
    policy = key.rotation
    if policy is None or not key.versions:
        return None
    created, expires = moment(key.versions[-1].created), moment(key.versions[-1].expires)
    if policy.rotates_after_create and created:
        return shifted(created, policy.rotates_after_create)
    if policy.rotates_before_expiry and expires:
        return shifted(expires, policy.rotates_before_expiry, back=True)
    return None


def shifted(start: datetime, duration: str, *, back: bool = False) -> datetime:
    """A time moved by an ISO 8601 duration (`P90D`, `P18M`, `P1Y`). Raises ValueError."""
    span = isodate.parse_duration(duration, as_timedelta_if_possible=False)
    moved: datetime = start - span if back else start + span
    if moved == start:
        raise ValueError(f"{duration!r} is no time at all")
    return moved
