"""Bars in the rows of two tables of a page: the versions of a key against time, and its uses by day.

Owns: the left edge and the width of each bar, in percent of its cell. Does not own: the tables, which say
the same in words and numbers (page.html.j2).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from core.facts import Account, Key
from operate.evidence.history import bound_since
from operate.evidence.model import KeyUseLog, NotChecked, UseRow, moment

VERSION_COLOURS = {"valid": "version is valid", "bound": "bound now", "now": "today"}
USE_COLOURS = {"own": "use by the account", "others": "use by others", "refused": "refused"}


class Bar(NamedTuple):
    """A bar of one of the colours; `left` and `width` in percent."""

    name: str
    left: float
    width: float


@dataclass(frozen=True)
class Timeline:
    """The bars of each version, by its name in lower case, between two times."""

    since: datetime
    until: datetime
    bars: Mapping[str, list[Bar]]


class Day(NamedTuple):
    """The uses of a key on one day, by colour; `bars` are their shares of the busiest day's uses."""

    day: datetime
    counts: Mapping[str, int]
    bars: list[Bar]


def timeline(account: Account, key: Key, use: KeyUseLog | NotChecked | None, now: datetime) -> Timeline:
    """The time for which each version is valid, and since when the account is bound to one."""
    since = min((time for v in key.versions if (time := moment(v.created))), default=now)
    until = max(now, *(moment(v.expires) or now for v in key.versions), since + timedelta(days=1))

    def bar(name: str, begin: datetime, end: datetime) -> Bar:
        left, right = (100 * min(max((time - since) / (until - since), 0.0), 1.0) for time in (begin, end))
        return Bar(name, round(left, 1), round(right - left, 1))

    found: dict[str, list[Bar]] = {}
    for version in key.versions:
        name = version.version.lower()
        bars = [bar("valid", moment(version.created) or since, moment(version.expires) or until)]
        if name == account.encryption.key_version.lower():
            bars.append(bar("bound", bound_since(account, key, use).not_after or now, now))
        found[name] = [*bars, bar("now", now, now)]
    return Timeline(since, until, found)


def uses(rows: Sequence[UseRow], own: str) -> list[Day]:
    """A row for each day of use. `own` is the account's identity."""
    found: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for row in rows:
        kind = "others"
        if row.refused:
            kind = "refused"
        elif row.identity.lower() == own.lower():
            kind = "own"
        found[row.day][kind] += row.uses
    most = max((counts.total() for counts in found.values()), default=0)
    days = []
    for day, counts in sorted(found.items()):
        left, bars = 0.0, []
        for kind in filter(counts.get, USE_COLOURS):
            bars.append(Bar(kind, round(left, 1), round(100 * counts[kind] / most, 1)))
            left += bars[-1].width
        days.append(Day(day, {name: counts[name] for name in USE_COLOURS}, bars))
    return days
