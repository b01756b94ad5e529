"""The times of a report: when the answers were given, and what cannot be younger than they are."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

_PAST = frozenset({"created", "day", "first", "last", "time"})
"""The fields of an account's facts that say when something happened."""
_CLOCKS_DIFFER = timedelta(minutes=5)
"""By which one service of Azure may date a fact later than another dates its answer. Assumed."""


def contradictions(evidence: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """What evidence.json says of its times, and the answers' own dates or the facts do not. Raises KeyError,
    TypeError and ValueError for another shape than a report's."""
    first, last, judged = (_time(evidence[name]) for name in ("readFrom", "readUntil", "judgedAt"))
    dates = [_time(answer["date"]) for answer in manifest["answers"] if answer["date"]]
    if not dates or (min(dates), max(dates)) != (first, last):
        answered = f"from {min(dates)} to {max(dates)}" if dates else "at no time that they name"
        yield f"it says that it was read from {first} to {last}, and its answers were given {answered}"
    if judged < last:
        yield f"it judges as of {judged}, before the last answer, {last}"
    youngest = max(_past(evidence["services"]), default=last)
    if youngest > last + _CLOCKS_DIFFER:
        yield f"it has a fact of {youngest}, and says that the last answer was given at {last}"


def _past(shown: Any, name: str = "") -> Iterator[datetime]:
    """Every time at which something happened, in a part of evidence.json."""
    if isinstance(shown, Mapping):
        for field, value in shown.items():
            yield from _past(value, field)
    elif isinstance(shown, list):
        for value in shown:
            yield from _past(value, name)
    elif name in _PAST and shown:
        yield _time(shown)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
