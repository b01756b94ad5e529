"""Bars in the rows of two tables of a page: the versions of a key against time, and its uses by day.

Owns: where each bar begins and how wide it is, in percent of its cell. Does not own: the tables, which have
the same in words and numbers (page.html.j2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from core.facts import Account, Key
from operate.evidence.model import KeyUseLog, NotChecked, UseRow, moment
from operate.evidence.rotation import next_rotation
from operate.evidence.use import UNWRAPS, bound_since, spans

_MOST_DAYS = 31
"""Longest time that has a row for each day; a longer one has a row for each week."""
VERSION_COLOURS = {
    "valid": "version can be used",
    "off": "version is disabled",
    "used": "used by the account (audit log)",
    "bound": "bound now",
    "now": "today",
    "due": "next rotation",
}
USE_COLOURS = {
    "unwraps": "unwraps by the account",
    "wraps": "wraps by the account",
    "others": "use by others",
    "refused": "refused",
}


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


def timeline(account: Account, key: Key, use: KeyUseLog | NotChecked | None, now: datetime) -> Timeline:
    """How long each version is valid, when the account used it, and since when it is bound to it."""
    due = next_rotation(key)
    since = min((time for v in key.versions if (time := moment(v.created))), default=now)
    times = [now, *(time for v in key.versions if (time := moment(v.expires))), *([due] if due else [])]
    until = max(*times, since + timedelta(days=1))

    def bar(name: str, begin: datetime, end: datetime) -> Bar:
        left, right = (100 * min(max((time - since) / (until - since), 0.0), 1.0) for time in (begin, end))
        return Bar(name, round(left, 1), round(right - left, 1))

    used = {span.version: span for span in spans(account, use)} if isinstance(use, KeyUseLog) else {}
    found: dict[str, list[Bar]] = {}
    for version in key.versions:
        name = version.version.lower()
        begin, end = moment(version.created) or since, moment(version.expires) or until
        bars = [bar("valid" if version.enabled else "off", begin, end)]
        if span := used.get(name):
            bars.append(bar("used", span.first, span.last))
        if name == account.encryption.key_version.lower():
            bars.append(bar("bound", bound_since(account, key, use).not_after or now, now))
        bars.append(bar("now", now, now))
        found[name] = [*bars, bar("due", due, due)] if due and due > now else bars
    return Timeline(since, until, found)


@dataclass(frozen=True)
class Uses:
    """The uses of a key on the days from `first` to `last`, by colour; `bars` are their shares of the most
    that any row has."""

    first: datetime
    last: datetime
    counts: Mapping[str, int]
    bars: list[Bar]


def uses(rows: Sequence[UseRow], own: str, since: datetime, until: datetime) -> list[Uses]:
    """A row for each day between two times, or for each week of a longer time, also where there was no use.
    `own` is the account's identity."""
    step = 1 if (until - since).days < _MOST_DAYS else 7
    found = [Counter[str]() for _ in range((until - since).days // step + 1)]
    for row in rows:
        found[max((row.day - since).days, 0) // step][colour_of(row, own)] += row.uses
    most = max(counts.total() for counts in found)
    return [
        Uses(
            day := since + timedelta(days=number * step),
            min(day + timedelta(days=step - 1), until),
            {name: counts[name] for name in USE_COLOURS},
            list(_beside(counts, most)),
        )
        for number, counts in enumerate(found)
    ]


def colour_of(row: UseRow, own: str) -> str:
    """Which of the colours a row has."""
    if row.refused:
        return "refused"
    if row.identity.lower() != own.lower():
        return "others"
    return "unwraps" if row.operation in UNWRAPS else "wraps"


def _beside(counts: Counter[str], most: int) -> Iterator[Bar]:
    """The bars of one row, one after another."""
    left = 0.0
    for name in USE_COLOURS:
        if counts[name]:
            width = round(100 * counts[name] / most, 1)
            yield Bar(name, round(left, 1), width)
            left += width
