"""Use of a key by day, as SVG: unwraps and wraps of the account's identity, use by others, refusals.

Owns: where each thing is drawn. The sums are in the table beside it, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from operate.evidence.html import Html, element, join
from operate.evidence.model import UseRow
from operate.evidence.use import UNWRAPS

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 190, 44, 8, 14, 28
KINDS = (
    ("unwraps", "unwraps by the account"),
    ("wraps", "wraps by the account"),
    ("others", "use by others"),
    ("refused", "refused"),
)
_DAYS = 120
"""Longest time that is drawn by day; a longer one is drawn by week."""


def use_chart(rows: Sequence[UseRow], own: str, since: datetime, until: datetime) -> Html:
    """A bar for each day (or week) between two moments. `own` is the account's identity."""
    step = 1 if (until - since).days <= _DAYS else 7
    count = (until - since).days // step + 1
    bars = _bars(rows, own, since, step)
    top = _rounded(max((sum(bar.values()) for bar in bars.values()), default=0))
    wide = (_WIDTH - _LEFT - _RIGHT) / count
    total = sum(sum(bar.values()) for bar in bars.values())
    unit = "day" if step == 1 else "week"
    return element(
        "svg",
        element("title", f"Use of the key by {unit}"),
        element("desc", f"{total} uses from {since:%Y-%m-%d} to {until:%Y-%m-%d}; the table has the sums."),
        _grid(top, unit),
        *(_bar(bars[n], since + timedelta(days=n * step), _LEFT + n * wide, wide, top) for n in sorted(bars)),
        *_dates(since, count, step, wide),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        class_="chart",
    )


def use_legend() -> Html:
    """What the colours of the bars mean."""
    return element(
        "ul",
        *(element("li", element("span", class_=f"swatch {name}"), text) for name, text in KINDS),
        class_="legend",
    )


def kind_of(row: UseRow, own: str) -> str:
    """Which of the colours a row has."""
    if row.refused:
        return "refused"
    if row.identity.lower() != own.lower():
        return "others"
    return "unwraps" if row.operation in UNWRAPS else "wraps"


def _bars(rows: Sequence[UseRow], own: str, since: datetime, step: int) -> dict[int, Counter[str]]:
    bars: dict[int, Counter[str]] = {}
    for row in rows:
        place = max((row.day - since).days, 0) // step
        bars.setdefault(place, Counter())[kind_of(row, own)] += row.uses
    return bars


def _bar(found: Mapping[str, int], day: datetime, left: float, wide: float, top: int) -> Html:
    parts, y = [], float(_HEIGHT - _BOTTOM)
    for name, _ in KINDS:
        if found.get(name):
            high = max(found[name] / top * (_HEIGHT - _TOP - _BOTTOM), 1.5)
            y -= high
            place = {"x": round(left + wide * 0.1, 1), "width": round(max(wide * 0.8, 2), 1)}
            parts.append(element("rect", **place, y=round(y, 1), height=round(high, 1), class_=name))
    words = ", ".join(f"{found[name]} {text}" for name, text in KINDS if found.get(name))
    return element("g", element("title", f"{day:%Y-%m-%d}: {words}"), *parts)


def _grid(top: int, unit: str) -> Html:
    lines = []
    for value in sorted({0, top // 2, top}):
        y = round(_HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM), 1)
        lines += [
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="grid"),
            element("text", value, x=_LEFT - 6, y=y + 4, text_anchor="end", class_="tick"),
        ]
    middle = (_HEIGHT - _BOTTOM) / 2 + 6
    turned = f"rotate(-90 10 {middle})"
    name = element(
        "text", f"uses a {unit}", x=10, y=middle, text_anchor="middle", transform=turned, class_="tick"
    )
    return join([*lines, name])


def _dates(since: datetime, count: int, step: int, wide: float) -> list[Html]:
    every = max(count // 6, 1)
    return [
        element(
            "text",
            f"{since + timedelta(days=n * step):%Y-%m-%d}",
            x=round(_LEFT + (n + 0.5) * wide, 1),
            y=_HEIGHT - 8,
            text_anchor="middle" if 0 < n < count - 1 else "start" if n == 0 else "end",
            class_="tick",
        )
        for n in range(0, count, every)
        if n == 0 or n == count - 1 or count - 1 - n >= every // 2
    ]


def _rounded(most: int) -> int:
    """The next number of the form 1, 2 or 5 times a power of ten; 2 at the least."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= max(most, 2):
                return factor * power
        power *= 10
