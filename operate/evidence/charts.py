"""The two charts of a page, as shapes of SVG: where each is drawn. The tables beside them show the same.

A shape is an element's name, its attributes, and its text or the shapes inside it; the page writes and
escapes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from core.facts import Account, Key, KeyVersion
from operate.evidence.model import KeyUseLog, NotChecked, UseRow, moment
from operate.evidence.rotation import next_rotation
from operate.evidence.use import UNWRAPS, Span, bound_since, spans
from operate.evidence.words import counted

WIDTH = 760
_LEFT, _RIGHT = 112, 14
_TOP, _LANE, _AXIS = 30, 34, 34
_MOST_VERSIONS = 12
"""Versions that are drawn, the newest; the table has all."""
_NARROWEST = 5.0
"""Width below which a stretch of time could not be seen."""
_TICKS = 5
_MOST_DAYS = 120
"""Longest time that is drawn by day; a longer one is drawn by week."""
_BARS_LEFT, _BARS_RIGHT, _BARS_TOP, _BARS_BOTTOM, _BARS_HEIGHT = 44, 8, 14, 28, 190

VERSION_COLOURS = {
    "valid": "version can be used",
    "off": "version is disabled",
    "used": "used by the account (audit log)",
    "bound": "bound now",
}
USE_COLOURS = {
    "unwraps": "unwraps by the account",
    "wraps": "wraps by the account",
    "others": "use by others",
    "refused": "refused",
}


class SvgElement(NamedTuple):
    """An element of SVG."""

    name: str
    attributes: Mapping[str, Any]
    content: str | list[SvgElement] = ""


@dataclass(frozen=True)
class Chart:
    """A chart, with what it says to those who do not see it."""

    title: str
    description: str
    height: int
    shapes: list[SvgElement]


def _text(words: object, x: float, y: float, name: str, anchor: str = "start", **more: str) -> SvgElement:
    return SvgElement("text", {"x": x, "y": y, "text-anchor": anchor, "class": name, **more}, str(words))


def _line(name: str, x1: float, x2: float, y1: float, y2: float) -> SvgElement:
    return SvgElement("line", {"x1": x1, "x2": x2, "y1": y1, "y2": y2, "class": name})


def _rect(name: str, x: float, y: float, width: float, height: float) -> SvgElement:
    place = {"x": x, "y": y, "width": width, "height": height}
    return SvgElement("rect", {name: round(value, 1) for name, value in place.items()} | {"class": name})


@dataclass(frozen=True)
class _Scale:
    """Times as places from left to right."""

    start: datetime
    end: datetime

    def at(self, time: datetime) -> float:
        share = (time - self.start) / (self.end - self.start)
        return round(_LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT), 1)

    def bar(self, name: str, begin: datetime, end: datetime, y: float, height: float) -> SvgElement:
        """A stretch of time, wide enough to be seen."""
        x, wide = self.at(begin), max(self.at(end) - self.at(begin), _NARROWEST)
        return _rect(name, min(x, WIDTH - _RIGHT - wide), y, wide, height)


def versions_chart(account: Account, key: Key, use: KeyUseLog | NotChecked | None, now: datetime) -> Chart:
    """Each version as a lane: how long it is valid, and when the account used it or is bound to it."""
    shown, due = key.versions[-_MOST_VERSIONS:], next_rotation(key)
    bottom = _TOP + _LANE * len(shown)
    scale = _scale(shown, due, now)
    used = {span.version: span for span in spans(account, use)} if isinstance(use, KeyUseLog) else {}
    bound = account.encryption.key_version.lower()
    since = bound_since(account, key, use).not_after or now
    shapes = list(_axis(scale, bottom))
    for n, version in enumerate(shown):
        name = version.version.lower()
        begin = since if name == bound else None
        shapes.append(_lane(version, used.get(name), begin, top=_TOP + _LANE * n, scale=scale, now=now))
    shapes.append(_mark(scale.at(now), bottom, "now", "today"))
    if due and due > now:
        shapes.append(_mark(scale.at(due), bottom, "due", "next rotation"))
    next_one = f"; the next rotation is due {due:%Y-%m-%d}" if due else ""
    return Chart(
        f"Versions of {key.name} and the binding of {account.name}",
        f"{counted(len(shown), 'version')}, the account is bound to {bound}{next_one}; the table of versions "
        "has all.",
        bottom + _AXIS,
        shapes,
    )


def _scale(versions: Sequence[KeyVersion], due: datetime | None, now: datetime) -> _Scale:
    start = min((time for v in versions if (time := moment(v.created))), default=now)
    end = max([now, *(time for v in versions if (time := moment(v.expires))), *([due] if due else [])])
    return _Scale(start, end + max((end - start) * 0.04, timedelta(hours=1)))


def _lane(
    version: KeyVersion, used: Span | None, bound: datetime | None, *, top: int, scale: _Scale, now: datetime
) -> SvgElement:
    created, expires = moment(version.created) or scale.start, moment(version.expires)
    ends = f"expires {expires:%Y-%m-%d}" if expires else "no expiry"
    words = f"{version.version}: created {created:%Y-%m-%d}, {ends}"
    shapes = [
        SvgElement("title", {}, words + ("" if version.enabled else ", disabled")),
        _text(version.version[:8], 0, top + 17, "id"),
        scale.bar("valid" if version.enabled else "off", created, expires or scale.end, top + 4, 18),
    ]
    if used:
        shapes.append(scale.bar("used", used.first, used.last, top + 9, 8))
    if bound:
        shapes.append(scale.bar("bound", bound, now, top + 9, 8))
        shapes.append(_text("bound", _LEFT - 8, top + 17, "bound-word", "end"))
    return SvgElement("g", {}, shapes)


def _axis(scale: _Scale, bottom: int) -> Iterator[SvgElement]:
    short = scale.end - scale.start < timedelta(days=3)
    for n in range(_TICKS + 1):
        time = scale.start + (scale.end - scale.start) * n / _TICKS
        x = scale.at(time)
        anchor = "start" if n == 0 else "end" if n == _TICKS else "middle"
        yield _line("grid", x, x, _TOP - 4, bottom)
        yield _text(time.strftime("%m-%d %H:%M" if short else "%Y-%m-%d"), x, bottom + 18, "tick", anchor)


def _mark(x: float, bottom: int, name: str, words: str) -> SvgElement:
    anchor = "start" if x < WIDTH / 2 else "end"
    return SvgElement(
        "g", {}, [_line(name, x, x, _TOP - 8, bottom), _text(words, x, _TOP - 13, "mark", anchor)]
    )


def use_chart(rows: Sequence[UseRow], own: str, since: datetime, until: datetime) -> Chart:
    """A bar for each day (or week) between two times. `own` is the account's identity."""
    step, unit = (1, "day") if (until - since).days <= _MOST_DAYS else (7, "week")
    count = (until - since).days // step + 1
    bars: dict[int, Counter[str]] = {}
    for row in rows:
        place = max((row.day - since).days, 0) // step
        bars.setdefault(place, Counter())[colour_of(row, own)] += row.uses
    top = _round_up(max((bar.total() for bar in bars.values()), default=0))
    wide = (WIDTH - _BARS_LEFT - _BARS_RIGHT) / count
    shapes = list(_grid(top, unit))
    for n in sorted(bars):
        day = since + timedelta(days=n * step)
        shapes.append(_bar(bars[n], day, _BARS_LEFT + n * wide, wide, top))
    total = sum(bar.total() for bar in bars.values())
    return Chart(
        f"Use of the key by {unit}",
        f"{counted(total, 'use')} from {since:%Y-%m-%d} to {until:%Y-%m-%d}; the table has the sums.",
        _BARS_HEIGHT,
        [*shapes, *_dates(since, count, step, wide)],
    )


def colour_of(row: UseRow, own: str) -> str:
    """Which of the colours a row has."""
    if row.refused:
        return "refused"
    if row.identity.lower() != own.lower():
        return "others"
    return "unwraps" if row.operation in UNWRAPS else "wraps"


def _bar(found: Counter[str], day: datetime, left: float, wide: float, top: int) -> SvgElement:
    y = float(_BARS_HEIGHT - _BARS_BOTTOM)
    named = [name for name in USE_COLOURS if found[name]]
    words = ", ".join(f"{USE_COLOURS[name]}: {found[name]}" for name in named)
    shapes = [SvgElement("title", {}, f"{day:%Y-%m-%d}: {words}")]
    for name in named:
        high = max(found[name] / top * (_BARS_HEIGHT - _BARS_TOP - _BARS_BOTTOM), 1.5)
        y -= high
        shapes.append(_rect(name, left + wide * 0.1, y, max(wide * 0.8, 2), high))
    return SvgElement("g", {}, shapes)


def _grid(top: int, unit: str) -> Iterator[SvgElement]:
    bottom = _BARS_HEIGHT - _BARS_BOTTOM
    for value in sorted({0, top // 2, top}):
        y = round(bottom - value / top * (bottom - _BARS_TOP), 1)
        yield _line("grid", _BARS_LEFT, WIDTH - _BARS_RIGHT, y, y)
        yield _text(value, _BARS_LEFT - 6, y + 4, "tick", "end")
    middle = bottom / 2 + 6
    yield _text(f"uses a {unit}", 10, middle, "tick", "middle", transform=f"rotate(-90 10 {middle})")


def _dates(since: datetime, count: int, step: int, wide: float) -> Iterator[SvgElement]:
    every = max(count // 6, 1)
    for n in range(0, count, every):
        if n == 0 or n == count - 1 or count - 1 - n >= every // 2:
            anchor = "start" if n == 0 else "middle" if n < count - 1 else "end"
            x = round(_BARS_LEFT + (n + 0.5) * wide, 1)
            yield _text(f"{since + timedelta(days=n * step):%Y-%m-%d}", x, _BARS_HEIGHT - 8, "tick", anchor)


def _round_up(most: int) -> int:
    """The next number of the form 1, 2 or 5 times a power of ten; 2 at the least."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= max(most, 2):
                return factor * power
        power *= 10
