"""The rotation of a key: which version is newest, how old the bound one is, when the next one is due.

Source of the rules: azure/key-vault/keys/how-to-configure-key-rotation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import isodate

from core import demands
from core.facts import Account, Key, KeyVersion
from operate.evidence.model import NotChecked, Service, moment


@dataclass(frozen=True)
class RotationRow:
    """One line of the rotation report. `note` says what is missing where something is."""

    service: str
    key: str
    bound: str
    bound_created: datetime | None
    bound_expires: datetime | None
    newest: str
    age_days: int | None
    next_rotation: datetime | None
    note: str

    @property
    def is_newest(self) -> bool:
        return bool(self.bound) and self.bound == self.newest


def rows(services: Iterable[Service], now: datetime) -> tuple[RotationRow, ...]:
    """The rotation report: a line for each service, by name."""
    return tuple(_row(service, now) for service in sorted(services, key=lambda s: s.name))


def _row(service: Service, now: datetime) -> RotationRow:
    account, key = service.account, service.key
    if isinstance(account, NotChecked):
        return _empty(service, f"not checked: {account.why}")
    if not account.encryption.is_customer_managed:
        return _empty(service, "on Microsoft-managed keys")
    if key is None or isinstance(key, NotChecked):
        why = key.why if key else "the key was not asked for"
        return _empty(service, f"key not checked: {why}", account.encryption.key_name)
    return _known(service, account, key, now)


def _empty(service: Service, note: str, key: str = "") -> RotationRow:
    return RotationRow(service.name, key, "", None, None, "", None, None, note)


def _known(service: Service, account: Account, key: Key, now: datetime) -> RotationRow:
    bound, latest = key.version(account.encryption.key_version), newest(key, now)
    due = next_rotation(key)
    note = ""
    if not account.encryption.key_version:
        note = "Azure shows no key version: it chooses which one is in use, or does not show it"
    elif bound is None:
        note = "the bound version is not among the key's versions"
    elif due is None:
        note = "the key has no policy by which it rotates"
    elif due < now:
        note = "the rotation is overdue"
    return RotationRow(
        service=service.name,
        key=key.name,
        bound=account.encryption.key_version,
        bound_created=moment(bound.created) if bound else None,
        bound_expires=moment(bound.expires) if bound else None,
        newest=latest.version if latest else "",
        age_days=int(now.timestamp() - bound.created) // 86400 if bound and bound.created else None,
        next_rotation=due,
        note=note,
    )


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
