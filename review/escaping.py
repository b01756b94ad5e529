"""Makes any text from a preview harmless to show: no Markdown, HTML, mention, link, colour or trick.

Reports are made of our own words and of values; every value goes through here.
"""

import json
import re
import unicodedata
from typing import Final

from review.values import Mark, Value

LIMIT: Final = 600
_SAID: Final = 30  # room to say how much was cut
# The runners of both platforms look for these anywhere in a line that a job prints, in any of its outputs
# (ActionCommand.cs of actions/runner, Command.cs of microsoft/azure-pipelines-agent).
_COMMAND: Final = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)


def plain(value: str, limit: int = LIMIT) -> str:
    """One line of visible characters, at most about `limit`; it says how much was cut."""
    shown = _COMMAND.sub("# #", "".join(map(_visible, " ".join(value.split()))))
    if len(shown) <= limit:
        return shown
    head = shown[: limit - _SAID]
    return f"{head}... ({len(shown) - len(head)} more characters)"


def code(value: str, limit: int = LIMIT) -> str:
    """A Markdown code span: there neither GitHub nor Azure DevOps reads mentions, links or HTML.

    A backtick would end it and a bar would end a table's cell, so both are shown as what they resemble.
    """
    shown = plain(value, limit).replace("`", "'").replace("|", "\u00a6").strip()
    return f"`{shown}`" if shown else "*empty*"


def quoted(value: str, limit: int = LIMIT) -> str:
    """A text between quotes in a YAML example, where it cannot end the quotes, the line or the block."""
    return json.dumps(plain(value, limit).replace("`", "'"), ensure_ascii=False)


def in_markdown(value: Value, limit: int = LIMIT) -> str:
    """A value in Markdown. Unknown, secret and absent are in italics, so that no value can pass for them."""
    if value is None:
        return "*none*"
    return f"*{_mark(value)}*" if isinstance(value, Mark) else code(value, limit)


def in_text(value: Value, limit: int = LIMIT) -> str:
    """A value on a terminal."""
    if value is None:
        return "none"
    return f"({_mark(value)})" if isinstance(value, Mark) else plain(value, limit)


def _mark(mark: Mark) -> str:
    return "secret" if mark is Mark.SECRET else mark.value


def _visible(character: str) -> str:
    if " " <= character <= "~":
        return character
    number = ord(character)
    if number < 32:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "\u2421"
    # Control, format (right-to-left marks, zero-width), surrogate, private, unassigned: not for reading.
    return "\ufffd" if unicodedata.category(character)[0] == "C" else character
