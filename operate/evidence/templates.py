"""What every page of operate is made with: templates that escape, and one style for screen and paper."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from operate.evidence.words import counted

_FOLDER = Path(__file__).parent


def templates(folder: Path = _FOLDER) -> Environment:
    """The templates of a folder; they can import `parts.html.j2` and show `style`."""
    made = Environment(
        loader=FileSystemLoader([folder, _FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(counted=counted, css=_css)
    made.globals["style"] = (_FOLDER / "page.css").read_text(encoding="utf-8")
    return made


def _css(text: str) -> str:
    """A text inside a string of CSS: what is no plain character as its code point, which can end nothing."""
    return "".join(
        one if one.isascii() and (one.isalnum() or one in " .:-") else f"\\{ord(one):x} " for one in text
    )
