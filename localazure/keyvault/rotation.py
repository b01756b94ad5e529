"""Rotation policies: when the next version is due and when it expires. Pure.

Source: Key Vault's key rotation documentation (shortest expiry 28 days, shortest trigger 7 days).
"""

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from localazure.keyvault.models import KeyVersion

DEFAULT = {
    "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}],
    "attributes": None,
}
"""The answer of a key that never had a policy (azure-wire.md)."""
_ACTIONS = ("rotate", "notify")
_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_MIN_EXPIRY = timedelta(days=28)
_MIN_TRIGGER = timedelta(days=7)
_MAX_YEARS = 100


def shift(moment: float, duration: str, *, back: bool = False) -> int:
    """`moment` (epoch seconds) moved by an ISO 8601 duration (`P90D`, `P2M`). Raises ValueError."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no ISO 8601 duration; expected one like 'P90D', 'P6M' or 'P1Y'")
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    if years + (months + (weeks * 7 + days) // 28) // 12 > _MAX_YEARS:
        raise ValueError(f"{duration!r} is too long; the longest is 'P{_MAX_YEARS}Y'")
    sign = -1 if back else 1
    start = datetime.fromtimestamp(moment, UTC)
    count = start.year * 12 + start.month - 1 + sign * (years * 12 + months)
    year, month = divmod(count, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return int((start.replace(year=year, month=month + 1, day=day) + sign * rest).timestamp())


def expiry(policy: Mapping[str, Any] | None, created: int) -> int | None:
    """When a version created now expires under a policy; None where it sets no expiry."""
    duration = ((policy or {}).get("attributes") or {}).get("expiryTime")
    return shift(created, duration) if duration else None


def due(policy: Mapping[str, Any] | None, current: KeyVersion) -> int | None:
    """When the policy wants the version after `current`; None where it asks for no rotation.

    It is never before the last change of the policy or the version: an overdue trigger acts at once.
    """
    policy_changed = ((policy or {}).get("attributes") or {}).get("updated") or 0
    changed = max(current.updated, policy_changed)
    for action in (policy or {}).get("lifetimeActions") or []:
        if _kind(action) != "rotate":
            continue
        if after := action["trigger"].get("timeAfterCreate"):
            return max(changed, shift(current.created, after))
        if (before := action["trigger"].get("timeBeforeExpiry")) and current.expires is not None:
            return max(changed, shift(current.expires, before, back=True))
    return None


def completed(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The stored form of a policy: one that names no notification gets the default one.

    Source: the API definition (LifetimeActions: a notification defaults to 30 days before expiry); that it
    comes last is assumed.
    """
    actions = list(policy.get("lifetimeActions") or [])
    if not any(_kind(action) == "notify" for action in actions):
        actions += DEFAULT["lifetimeActions"] or []
    return {**policy, "lifetimeActions": actions}


def problem(policy: Any) -> str | None:
    """The fault of a policy (data plane's spelling), None if it has none."""
    if not isinstance(policy, dict):
        return "expected a rotation policy with lifetimeActions"
    try:
        expires = (policy.get("attributes") or {}).get("expiryTime")
        if expires and _length(expires) < _MIN_EXPIRY:
            return f"expiryTime {expires} is too short; the shortest is P28D"
        actions = policy.get("lifetimeActions") or []
        for action in actions:
            if found := _action_problem(action, expires):
                return found
        # The API definition: at most two, one of each.
        if len({_kind(action) for action in actions}) < len(actions):
            return "lifetimeActions has more than one action of a type; expected at most one of each"
    except (AttributeError, KeyError, TypeError, OverflowError):
        return "each lifetime action needs trigger and action, and action a type"
    except ValueError as error:
        return str(error)
    return None


def _action_problem(action: Mapping[str, Any], expires: str | None) -> str | None:
    kind, trigger = _kind(action), action["trigger"]
    after, before = trigger.get("timeAfterCreate"), trigger.get("timeBeforeExpiry")
    if kind not in _ACTIONS:
        return f"action type {action['action']['type']!r} is not known; expected Rotate or Notify"
    if bool(after) == bool(before):
        return "a trigger has either timeAfterCreate or timeBeforeExpiry"
    if kind == "notify" and after:
        return "a Notify action is triggered by timeBeforeExpiry, not by timeAfterCreate"
    if _length(after or before) < _MIN_TRIGGER:
        return f"trigger {after or before} is too short; the shortest is P7D"
    if kind == "rotate" and before and not expires:
        return "a Rotate action with timeBeforeExpiry needs an expiryTime"
    if expires and _length(after or before) >= _length(expires):
        return f"trigger {after or before} does not lie within the expiryTime {expires}"
    return None


def _kind(action: Mapping[str, Any]) -> str:
    """`rotate` or `notify`: ARM writes them small, the data plane does not."""
    return str(action["action"]["type"].lower())


def _length(duration: str) -> timedelta:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return timedelta(seconds=shift(start.timestamp(), duration) - int(start.timestamp()))
