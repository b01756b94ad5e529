"""The lines of a review, which keep our own words and the values of the change apart until they are printed
here, as Markdown for a comment or plain for a terminal.

Here alone values are escaped, so that no text from a preview is Markdown, HTML, a mention, a link, a colour,
or a command of a runner.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from core.values import Hidden, Value
from core.verdicts import Verdict, VerdictSeverity

LIMIT: Final = 1500
"""How many characters of a value a report has; a finding ends with its fix."""


@dataclass(frozen=True)
class Shown:
    """A value from the change. `quoted`: between quotes, in an example of YAML."""

    value: Value
    quoted: bool = False


Part = str | Shown | VerdictSeverity
Text = tuple[Part, ...]


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
    CHANGED = ("| {} | {} | {} |", "{}: {} -> {}")
    MARKUP = ("{}", None)
    FOLD = ("<details><summary>{}</summary>\n", "{}")
    END_OF_FOLD = ("\n</details>", None)
    SPACE = ("", "")


@dataclass(frozen=True)
class ReportLine:
    """One line of a report; of a table's row the texts are its cells."""

    form: Form
    texts: tuple[Text, ...] = ()


ReportLines = Iterable[ReportLine]


def line(form: Form, *parts: Part) -> ReportLine:
    """A line of one text."""
    return ReportLine(form, (parts,))


def paragraph(lines: ReportLines) -> Iterator[ReportLine]:
    """Lines with space before them."""
    yield ReportLine(Form.SPACE)
    yield from lines


def fold(lines: ReportLines, *title: Part) -> Iterator[ReportLine]:
    """Lines that a reader opens by their title."""
    yield from paragraph([line(Form.FOLD, *title), *lines, ReportLine(Form.END_OF_FOLD)])


def listed(texts: Iterable[Text]) -> Text:
    """Texts with commas between them."""
    return tuple(part for text in texts for part in (", ", *text))[1:]


def of_verdict(verdict: Verdict) -> Text:
    """A verdict's words, with its values between them."""
    first, *rest = verdict.words.split("{}")
    parts = ((Shown(value), after) for value, after in zip(verdict.values, rest, strict=True))
    return first, *(part for pair in parts for part in pair)


SIGNS: Final = ("\u2705", "\u2139\ufe0f", "\u26a0\ufe0f", "\u26d4")
"""By severity."""
LONGEST: Final = 60_000
"""Characters of a comment: GitHub takes 65,536, Azure DevOps 150,000."""
# The runners of both platforms look for these anywhere in a line that a job prints, in any of its outputs
# (ActionCommand.cs of actions/runner, Command.cs of microsoft/azure-pipelines-agent).
_COMMAND: Final = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)


def markdown(lines: ReportLines) -> str:
    """The lines as GitHub and Azure DevOps read them, without a line feed at the end."""
    shown = []
    for each in lines:
        show = _in_html if each.form is Form.FOLD else in_markdown
        shown.append(each.form.value[0].format(*(written(text, show) for text in each.texts)))
    return "\n".join(shown)


def plain(lines: ReportLines) -> str:
    """The lines of visible characters, none of which begins with a value."""
    shown, indent = [], ""
    for each in lines:
        if (template := each.form.value[1]) is not None:
            shown.append(f"{indent}{template.format(*map(written, each.texts))}".rstrip())
        indent = {Form.FOLD: "  ", Form.END_OF_FOLD: ""}.get(each.form, indent)
    return "\n".join(shown)


def comment(name: str, digest: str, lines: ReportLines) -> str:
    """A comment's body, no longer than GitHub takes. The pipelines find it again by its first line, which has
    those characters of a stack's name that cannot end it or look like another's."""
    kept = re.sub("[^A-Za-z0-9._/-]", "_", name.replace("--", "-_"))
    body = f"<!-- encryption-review {kept or '_'} {digest} -->\n{markdown(lines)}\n"
    if len(body) <= LONGEST:
        return body
    whole_lines = body[:LONGEST].rsplit("\n", 1)[0]
    return f"{whole_lines}\n\n*The rest is left out here; the review in JSON has all of it.*\n"


def in_markdown(value: Value) -> str:
    """A value in a code span, where neither GitHub nor Azure DevOps reads mentions, links or HTML.

    A backtick would end it and a bar would end a table's cell, so both are shown as what they resemble.
    Unknown, secret and absent are in italics, so that no value can pass for them.
    """
    if not isinstance(value, str):
        return f"*{_mark(value)}*"
    shown = visible(value).replace("`", "'").replace("|", "\u00a6").strip()
    return f"`{shown}`" if shown else "*empty*"


def in_plain(value: Value) -> str:
    """A value on a terminal."""
    if isinstance(value, str):
        return visible(value)
    return f"({_mark(value)})" if value else "none"


def written(text: Text, show: Callable[[Value], str] = in_plain) -> str:
    """One line of visible characters."""
    is_plain = show is in_plain
    shown = []
    for part in text:
        match part:
            case Shown(quoted=True):
                # It cannot end the quotes, the line or the block.
                known = visible(part.value if isinstance(part.value, str) else "")
                shown.append(json.dumps(known.replace("`", "'"), ensure_ascii=False))
            case Shown():
                shown.append(show(part.value))
            case VerdictSeverity():
                shown.append(part.word if is_plain else SIGNS[part])
            case str():
                shown.append(part)
    return "".join(shown)


def _in_html(value: Value) -> str:
    """A value where Markdown is not read, and HTML is."""
    shown = html.escape(in_markdown(value).strip("`*"), quote=False).replace("@", "&#64;")
    return f"<code>{shown}</code>" if isinstance(value, str) else f"<em>{shown}</em>"


def visible(value: str) -> str:
    """One line of visible characters, at most about `LIMIT`; it says how much was cut."""
    # Control, format (right-to-left marks, zero-width), surrogate, private, unassigned: not for reading.
    seen = (char if char.isprintable() else "\ufffd" for char in " ".join(value.split()))
    shown = _COMMAND.sub("# #", "".join(seen))
    if len(shown) <= LIMIT:
        return shown
    head = shown[: LIMIT - 30]  # room to say how much was cut
    return f"{head}... ({len(shown) - len(head)} more characters)"


def _mark(value: Hidden | None) -> str:
    return value.value.strip("[]") if value else "none"
