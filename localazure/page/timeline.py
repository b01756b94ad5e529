"""The time line of an account's encryption: what it was encrypted with, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MOST = 6
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

    @property
    def when(self) -> str:
        """Its time and what caused it, in a few words."""
        return f"{self.time} {_WHY.get(self.why, self.why)}".strip()


@dataclass(frozen=True)
class TimeLine:
    """The latest states, oldest first, and how many `earlier` ones are left out."""

    states: Sequence[State]
    earlier: int

    @property
    def text(self) -> str:
        """The states in words."""
        return "; ".join(f"{state.time} {state.label}".strip() for state in self.states)


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


def time_line(history: Sequence[Mapping[str, Any]], unreadable: str) -> TimeLine:
    """The latest few of the states."""
    found = states(history, unreadable)
    return TimeLine(found[-_MOST:], max(len(found) - _MOST, 0))


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
