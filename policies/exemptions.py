"""Exemptions: who may break a rule, why, and until when; and the report that lists every one in force.

Owns: matching, expiry, the list. Does not own: the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from policies.view import as_items, as_text, step

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "array",
    "description": "Resources that may break this rule for a time. Each is listed in every report.",
    "default": [],
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["urn", "reason", "until"],
        "properties": {
            "urn": {
                "type": "string",
                "minLength": 1,
                "description": "URN pattern; * stands for any text.",
            },
            "reason": {
                "type": "string",
                "minLength": 1,
                "description": "Why, for those who read the report.",
            },
            "until": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                "description": "Last day (UTC) on which the exemption holds.",
            },
        },
    },
}


@dataclass(frozen=True)
class Exemption:
    """One exemption; `until` is the last day on which it holds."""

    urn: str
    reason: str
    until: date

    def holds_on(self, day: date) -> bool:
        """True up to and including its last day."""
        return day <= self.until


def read_exemptions(configured: object) -> tuple[tuple[Exemption, ...], tuple[str, ...]]:
    """The exemptions of a rule's configuration, and what is wrong with those that cannot be used.

    An exemption that does not say all three things exempts nothing.
    """
    items = as_items(configured)
    good: list[Exemption] = []
    bad: list[str] = []
    for number, item in enumerate(items if isinstance(items, tuple) else (), start=1):
        urn, reason, until = (as_text(step(item, key)) for key in ("urn", "reason", "until"))
        if not isinstance(urn, str) or not isinstance(reason, str) or not isinstance(until, str):
            bad.append(f"exemption {number} is ignored: it must state urn, reason and until")
            continue
        try:
            good.append(Exemption(urn, reason, date.fromisoformat(until)))
        except ValueError:
            bad.append(f'exemption {number} is ignored: until is "{until}", wanted a date such as 2030-12-31')
    return tuple(good), tuple(bad)


def matching(exemptions: Iterable[Exemption], urn: str) -> tuple[Exemption, ...]:
    """The exemptions whose pattern the URN fits, those that hold longest first."""
    # `[` has a meaning to fnmatch but none in a URN pattern.
    fitting = [one for one in exemptions if fnmatchcase(urn, one.urn.replace("[", "[[]"))]
    return tuple(sorted(fitting, key=lambda one: (-one.until.toordinal(), one.urn, one.reason)))


def day_of(seconds: float) -> date:
    """The UTC day of a moment in seconds since 1970."""
    return datetime.fromtimestamp(seconds, tz=UTC).date()
