"""Exemptions: which resource may break a rule, why, and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from core import resource_types

_TEXT: Final = {"type": "string", "minLength": 1}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "array",
    "description": "Resources that may break this rule for a time. Each is listed in every report.",
    "default": [],
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["urn", "reason", "until"],
        "properties": {
            "urn": {**_TEXT, "description": "URN pattern that names a resource; * stands for any text."},
            "reason": {**_TEXT, "description": "Why, for those who read the report."},
            "until": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                "description": "Last day (UTC) on which the exemption holds, within a year.",
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


LONGEST: Final = timedelta(days=366)
"""The longest exemption: a year, after which it has to be renewed."""


def _names_resource(pattern: str) -> bool:
    """Whether a URN pattern names a resource, by the text after the last `::`. A pattern without `::`, for
    which * may stand, has to say how the name ends."""
    _, separator, name = pattern.rpartition(resource_types.URN_SEPARATOR)
    return bool(name.strip("*? ") if separator else name.rstrip("*?: ") == name.rstrip() != "")


def problems_of(urn: object, reason: object, until: object, today: date) -> list[str]:
    """The problems of an exemption."""
    problems = []
    if not isinstance(urn, str) or not _names_resource(urn):
        problems.append(
            f"urn: found {urn!r}, expected a pattern that names a resource, such as *::build-vault"
        )
    if not isinstance(reason, str) or not reason.strip():
        problems.append("reason: expected why the rule may be broken")
    try:
        end = date.fromisoformat(until if isinstance(until, str) else "")
    except ValueError:
        return [*problems, f"until: found {until!r}, expected a date such as 2027-03-31"]
    if end - today > LONGEST:
        problems.append(f"until: found {end}, expected a day within a year, by {today + LONGEST}")
    return problems


def read_exemptions(
    configured: Iterable[Mapping[str, Any]], today: date
) -> tuple[list[Exemption], list[str]]:
    """The exemptions of a rule's configuration, and the problems of those that cannot be used.

    An exemption with a problem exempts nothing.
    """
    good, bad = [], []
    for number, item in enumerate(configured, start=1):
        urn, reason, until = (item.get(name) for name in ("urn", "reason", "until"))
        if problems := problems_of(urn, reason, until, today):
            bad.append(f"exemption {number} is ignored: {'; '.join(problems)}")
        else:
            good.append(Exemption(str(urn), str(reason), date.fromisoformat(str(until))))
    return good, bad


def matching(exemptions: Iterable[Exemption], urn: str, today: date) -> Exemption | None:
    """The exemption that holds today and longest, of those whose pattern the URN fits."""
    # `[` has a meaning to fnmatch but none in a URN pattern.
    fitting = [one for one in exemptions if fnmatchcase(urn, one.urn.replace("[", "[[]"))]
    holding = (one for one in fitting if today <= one.until)
    return min(holding, key=lambda one: (-one.until.toordinal(), one.urn, one.reason), default=None)


def day_of(seconds: float) -> date:
    """The UTC day of a moment in seconds since 1970."""
    return datetime.fromtimestamp(seconds, tz=UTC).date()
