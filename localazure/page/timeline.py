"""The time line of an account's encryption, as SVG: what it was encrypted with, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localazure.page.html import Html, element

_MOST = 6
_WIDTH, _HEIGHT, _BAR = 164, 58, 14
_WHY = {
    "PUT": "written",
    "PATCH": "changed",
    "FAILED": "failed",
    "DELETE": "deleted",
    "restore": "restored",
    "now": "now",
}


@dataclass(frozen=True)
class State:
    """One stretch of time: `kind` is `microsoft`, `customer` or `unreadable`; `note` shows on hovering."""

    kind: str
    label: str
    time: str
    why: str
    note: str


def states(history: Sequence[Mapping[str, Any]], unreadable: str) -> list[State]:
    """The states one after another, those that repeat the one before left out.

    `unreadable` is why the data cannot be read now; the history does not know that.
    """
    found: list[State] = []
    for event in history:
        state = _state(event)
        if not found or (state.kind, state.label) != (found[-1].kind, found[-1].label):
            found.append(state)
    if unreadable and found and found[-1].kind == "customer":
        found.append(State("unreadable", "unreadable", "", "now", unreadable))
    return found


def time_line(found: Sequence[State]) -> Html:
    """The states as boxes of one width, oldest first; only the latest few where there are many."""
    if not found:
        return element("p", "no history", class_="empty")
    shown = list(found)[-_MOST:]
    width = len(shown) * _WIDTH
    parts: list[Html] = []
    for index, state in enumerate(shown):
        parts += _box(index, state)
    earlier = len(found) - len(shown)
    text = "; ".join(f"{state.time} {state.label}".strip() for state in shown)
    line = element(
        "svg",
        element("title", f"encryption over time: {text}"),
        *parts,
        viewBox=f"0 0 {width} {_HEIGHT}",
        width=width,
        height=_HEIGHT,
        role="img",
        class_="timeline",
    )
    more = element("p", f"{earlier} earlier states are not shown", class_="note") if earlier else None
    return element("div", line, more, class_="scroll")


def _state(event: Mapping[str, Any]) -> State:
    time, why = str(event["time"])[5:19].replace("T", " "), str(event["why"])
    if event["keyUri"] is None:
        return State(
            "microsoft", "Microsoft-managed key", time, why, "encrypted with a Microsoft-managed key"
        )
    version = str(event["keyUri"]).rsplit("/", 1)[-1]
    note = f"{event['keyUri']} as {event['identity']}"
    if not event["readable"] and why != "DELETE":
        return State("unreadable", "unreadable", time, why, note)
    return State("customer", f"key version {version[:8]}", time, why, note)


def _box(index: int, state: State) -> list[Html]:
    left = index * _WIDTH
    bar = element(
        "rect",
        element("title", state.note),
        x=left,
        y=22,
        width=_WIDTH - 3,
        height=_BAR,
        rx=3,
        class_=f"bar {state.kind}",
    )
    label = element("text", state.label, x=left + 2, y=15, class_="label")
    when = f"{state.time} {_WHY.get(state.why, state.why)}".strip()
    return [label, bar, element("text", when, x=left + 2, y=52, class_="when")]
