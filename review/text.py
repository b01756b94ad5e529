"""The lines of a review: our own words, and values from the change, which stay apart until a printer prints
them (printers.py). Nothing else turns a value into characters of a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
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
class Link:
    """Our own words, which lead to an address."""

    words: str
    address: str


Text = tuple[str | Shown | Link | VerdictSeverity, ...]


class Form(Enum):
    """What a line is, as Markdown and plain, with a place for each text; None where it is left out."""

    TITLE = ("### {} {}", "{1}")
    ACCOUNT = ("#### {} {}", "{}: {}")
    TEXT = ("{}", "{}")
    SMALL = ("<sub>{}</sub>", "{}")
    LISTED = ("**{}**", "{}")
    ITEM = ("- {}", "- {}")
    VERDICT = ("- **{}**: {}", "- {}: {}")
    MORE = ("  {}", "  {}")
    COMPARED = ("| | before | after |\n|---|---|---|", None)
    CHANGED = ("| {} | {} | {} |", "{}: {} -> {}")
    EXAMPLE = ("```yaml", None)
    END_OF_EXAMPLE = ("```", None)
    FOLD = ("<details><summary>{}</summary>\n", "{}")
    END_OF_FOLD = ("\n</details>", None)
    SPACE = ("", "")


@dataclass(frozen=True)
class ReportLine:
    """One line of a report; of a table's row the texts are its cells."""

    form: Form
    texts: tuple[Text, ...] = ()


ReportLines = Iterable[ReportLine]


def line(form: Form, *parts: str | Shown | Link | VerdictSeverity) -> ReportLine:
    """A line of one text."""
    return ReportLine(form, (parts,))


def paragraph(lines: ReportLines) -> Iterator[ReportLine]:
    """Lines with space before them."""
    yield ReportLine(Form.SPACE)
    yield from lines


def folded(title: str, lines: ReportLines) -> Iterator[ReportLine]:
    """Lines that a reader opens."""
    yield from (ReportLine(Form.SPACE), line(Form.FOLD, title), *lines, ReportLine(Form.END_OF_FOLD))


def listed(texts: Iterable[Text]) -> Text:
    """Texts with commas between them."""
    return tuple(part for text in texts for part in (", ", *text))[1:]


def of_verdict(verdict: Verdict) -> Text:
    """What a verdict says: its words, with its values between them."""
    first, *rest = verdict.words.split("{}")
    parts = ((Shown(value), after) for value, after in zip(verdict.values, rest, strict=True))
    return first, *(part for pair in parts for part in pair)
