"""The time line of a key's versions against the account's bindings, as SVG.

Owns: where each thing is drawn. What it shows is in the table beside it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from operate.evidence.html import Html, element, join
from operate.evidence.model import Account, Key, KeyUse, KeyVersion, NotChecked
from operate.evidence.rotation import next_rotation
from operate.evidence.use import Span, bound_since, spans

_WIDTH, _LEFT, _RIGHT, _LANE, _TOP, _AXIS = 760, 112, 14, 34, 30, 34
_MOST = 12
"""Versions that are drawn, the newest; the table has all."""
_SHORTEST = 5.0
"""Width below which a stretch of time could not be seen."""
_TICKS = 5


@dataclass(frozen=True)
class Scale:
    """Moments as places from left to right."""

    start: datetime
    end: datetime

    def at(self, moment: datetime) -> float:
        share = (moment - self.start) / (self.end - self.start)
        return round(_LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT), 1)


def versions_chart(account: Account, key: Key, use: KeyUse | NotChecked | None, now: datetime) -> Html:
    """Each version as a lane: how long it is valid, and when the account used it or is bound to it."""
    shown = key.versions[-_MOST:]
    due = next_rotation(key)
    scale = _scale(shown, due, now)
    seen = {span.version: span for span in spans(account, use)} if isinstance(use, KeyUse) else {}
    bound, since = account.binding.key_version.lower(), bound_since(account, key, use).not_after
    bottom = _TOP + _LANE * len(shown)
    lanes = [
        _Lane(
            version,
            seen.get(version.version.lower()),
            (since or now) if version.version.lower() == bound else None,
        )
        for version in shown
    ]
    return element(
        "svg",
        element("title", f"Versions of {key.name} and the binding of {account.name}"),
        element("desc", _told(account, shown, due)),
        _axis(scale, bottom),
        *(_drawn(lane, _TOP + _LANE * n, scale, now) for n, lane in enumerate(lanes)),
        _mark(scale.at(now), bottom, "now", "today"),
        _mark(scale.at(due), bottom, "due", "next rotation") if due and due > now else None,
        viewBox=f"0 0 {_WIDTH} {bottom + _AXIS}",
        role="img",
        class_="chart",
    )


def versions_legend() -> Html:
    """What the colours of the time line mean."""
    rows = (
        ("valid", "version can be used"),
        ("off", "version is disabled"),
        ("used", "used by the account (audit log)"),
        ("bound", "bound now"),
    )
    return element(
        "ul",
        *(element("li", element("span", class_=f"swatch {name}"), text) for name, text in rows),
        class_="legend",
    )


@dataclass(frozen=True)
class _Lane:
    """A version, its use by the account, and since when the account is seen to be bound to it (None: it is
    not)."""

    version: KeyVersion
    used: Span | None
    bound: datetime | None


def _scale(versions: Sequence[KeyVersion], due: datetime | None, now: datetime) -> Scale:
    start = min((v.created for v in versions), default=now)
    ends = [now, *(v.expires for v in versions if v.expires), *([due] if due else [])]
    room = max((max(ends) - start) * 0.04, timedelta(hours=1))
    return Scale(start, max(ends) + room)


def _drawn(lane: _Lane, top: int, scale: Scale, now: datetime) -> Html:
    version, used = lane.version, lane.used
    begin, end = scale.at(version.created), scale.at(version.expires or scale.end)
    state = "valid" if version.enabled else "off"
    ends = f"expires {version.expires:%Y-%m-%d}" if version.expires else "no expiry"
    words = f"{version.version}: created {version.created:%Y-%m-%d}, {ends}"
    return element(
        "g",
        element("title", words + ("" if version.enabled else ", disabled")),
        element("text", version.version[:8], x=0, y=top + 17, class_="id"),
        element("rect", x=begin, y=top + 4, width=_wide(begin, end), height=18, rx=3, class_=state),
        _stretch(scale.at(used.first), scale.at(used.last), top, "used") if used else None,
        _stretch(scale.at(lane.bound), scale.at(now), top, "bound") if lane.bound else None,
        element("text", "bound", x=_LEFT - 8, y=top + 17, class_="bound-word") if lane.bound else None,
    )


def _stretch(begin: float, end: float, top: int, name: str) -> Html:
    wide = _wide(begin, end)
    return element(
        "rect", x=round(min(begin, _WIDTH - _RIGHT - wide), 1), y=top + 9, width=wide, height=8, class_=name
    )


def _wide(begin: float, end: float) -> float:
    return round(max(end - begin, _SHORTEST), 1)


def _axis(scale: Scale, bottom: int) -> Html:
    return join(_ticks(scale, bottom))


def _ticks(scale: Scale, bottom: int) -> Iterator[Html]:
    short = scale.end - scale.start < timedelta(days=3)
    for n in range(_TICKS + 1):
        moment = scale.start + (scale.end - scale.start) * n / _TICKS
        x = scale.at(moment)
        words = moment.strftime("%m-%d %H:%M" if short else "%Y-%m-%d")
        anchor = "start" if n == 0 else "end" if n == _TICKS else "middle"
        yield element("line", x1=x, x2=x, y1=_TOP - 4, y2=bottom, class_="grid")
        yield element("text", words, x=x, y=bottom + 18, text_anchor=anchor, class_="tick")


def _mark(x: float, bottom: int, name: str, words: str) -> Html:
    anchor = "start" if x < _WIDTH / 2 else "end"
    return element(
        "g",
        element("line", x1=x, x2=x, y1=_TOP - 8, y2=bottom, class_=name),
        element("text", words, x=x, y=_TOP - 13, text_anchor=anchor, class_="mark"),
    )


def _told(account: Account, versions: Sequence[KeyVersion], due: datetime | None) -> str:
    bound = account.binding.key_version
    when = f"; the next rotation is due {due:%Y-%m-%d}" if due else ""
    return f"{len(versions)} versions, the account is bound to {bound}{when}; the table of versions has all."
