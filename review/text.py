"""The parts of a review: our own words, and values from the change, which stay apart until a printer prints
them (printers.py). Nothing else turns a value into characters of a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.values import Value
from review.verdict import Verdict, VerdictSeverity

LIMIT: Final = 600
"""How many characters of a value a report has."""


@dataclass(frozen=True)
class Shown:
    """A value from the change. `quoted`: between quotes, in an example of YAML."""

    value: Value
    limit: int = LIMIT
    quoted: bool = False


@dataclass(frozen=True)
class Strong:
    """Our own words, stressed."""

    words: str


@dataclass(frozen=True)
class Link:
    """Our own words, which lead to an address."""

    words: str
    address: str


Text = tuple[str | Shown | Strong | Link, ...]


def of_verdict(verdict: Verdict) -> Text:
    """What a verdict says: its words, with its values between them."""
    first, *rest = verdict.words.split("{}")
    parts = ((Shown(value), after) for value, after in zip(verdict.values, rest, strict=True))
    return first, *(part for pair in parts for part in pair)


@dataclass(frozen=True)
class Heading:
    """The answer for the whole (`level` 3), or for one account (4)."""

    severity: VerdictSeverity
    text: Text
    level: int = 4


@dataclass(frozen=True)
class Paragraph:
    """A line; `small` is what a reader may pass over."""

    text: Text
    small: bool = False


@dataclass(frozen=True)
class Items:
    """A list under `title`, if it has one; each item is one line or more."""

    items: tuple[tuple[Text, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Table:
    """What changes: a name, the value before and the value after."""

    rows: tuple[tuple[str, Value, Value], ...]


@dataclass(frozen=True)
class Example:
    """Lines of YAML, for the reader to copy."""

    lines: tuple[Text, ...]


@dataclass(frozen=True)
class Printed:
    """Markdown that a printer has written before."""

    markdown: str


@dataclass(frozen=True)
class Fold:
    """Blocks that a reader opens."""

    title: Text
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Items | Table | Example | Printed | Fold
