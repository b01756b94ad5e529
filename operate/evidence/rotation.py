"""The rotation of a key: which version is newest, and when the next one is due.

Source of the rules: azure/key-vault/keys/how-to-configure-key-rotation.
"""

from datetime import datetime

import isodate

from core import demands
from core.facts import Key, KeyVersion
from operate.evidence.model import moment


def newest(key: Key, now: datetime) -> KeyVersion | None:
    """The newest version that can be used now: enabled and within its dates."""
    return demands.newest_usable(key.versions[::-1], now.timestamp())


def is_usable(version: KeyVersion, now: datetime) -> bool:
    """Whether a version is enabled and within its dates."""
    return not demands.key_usable(version, now.timestamp())


def next_rotation(key: Key) -> datetime | None:
    """When the vault makes the next version by itself; None where it does not. Counted from the last version
    of all, enabled or not, as the vault does."""
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
