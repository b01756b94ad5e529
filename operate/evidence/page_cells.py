"""What cells of the page have in common: times, people, and what was not checked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from operate.evidence.html import Html, badge, element, join
from operate.evidence.model import Facts, NotChecked

T = TypeVar("T")


def day(moment: datetime | None, otherwise: str = "—") -> str:
    """A day, for people."""
    return f"{moment:%Y-%m-%d}" if moment else otherwise


def minute(moment: datetime | None, otherwise: str = "—") -> str:
    """A minute of UTC, for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else otherwise


def unless_unread(part: T | NotChecked | None, show: Callable[[T], object]) -> object:
    """What is shown of a part, or that it was not checked and why."""
    if isinstance(part, NotChecked):
        return element("p", badge("not checked", "warning"), " ", part.why)
    if part is None:
        return element("p", badge("not checked", "warning"), " it was not asked for")
    return show(part)


def who(principal_id: str, facts: Facts) -> Html:
    """An object id, with its name if that is known."""
    name = dict(facts.names).get(principal_id.lower())
    return join(
        [element("code", principal_id, class_="short"), element("div", name, class_="soft") if name else None]
    )
