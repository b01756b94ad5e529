"""A picture as SVG: light or dark as the reader's screen is, and readable where it is 390 pixels wide."""

from __future__ import annotations

import textwrap
from xml.sax.saxutils import escape

WIDTH = 480
MARGIN = 16
_LINE = 20
LETTER = {"title": 11.0, "strong": 9.6, "code": 7.9, "small": 7.1, "": 8.7}
"""Pixels that a letter takes in each style, in a wide font."""
_STYLE = """
text { font: 15px system-ui, "Segoe UI", Roboto, sans-serif; fill: #1f2328 }
.title { font-weight: 700; font-size: 17px }
.strong { font-weight: 600 }
.small { font-size: 12px; fill: #57606a }
.code { font: 13px ui-monospace, Menlo, Consolas, monospace }
.good { fill: #116329 }
.bad { fill: #a40e26 }
.sheet { fill: #ffffff }
.card { fill: #f6f8fa; stroke: #d0d7de }
.arrow { fill: #57606a }
.fill-good { fill: #2da44e }
.fill-bad { fill: #cf222e }
.fill-plain { fill: #8c959f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9198a1 }
.good { fill: #57d364 }
.bad { fill: #ff7b72 }
.sheet { fill: #0d1117 }
.card { fill: #161b22; stroke: #3d444d }
.arrow { fill: #9198a1 }
}"""


def letter(style: str) -> float:
    """Pixels that a letter of a text takes at the most; `style` are classes."""
    return next(pixels for name, pixels in LETTER.items() if not name or name in style.split())


class Drawing:
    """Grows downwards: `y` is where the next line begins. A screen reader reads `title` and `told`."""

    def __init__(self, title: str, told: str, y: int = 30) -> None:
        self._parts = [f"<title>{escape(title)}</title>", f"<desc>{escape(told)}</desc>"]
        self.y = y
        self.text(title, style="title")
        self.y += 6

    def text(self, text: str, *, x: int = MARGIN, style: str = "") -> None:
        """As many lines as it takes."""
        for line in textwrap.wrap(text, int((WIDTH - MARGIN - x) / letter(style)), break_on_hyphens=False):
            self.put(f'<text class="{style}" x="{x}" y="{self.y}">{escape(line)}</text>')
            self.y += _LINE if "small" not in style.split() else _LINE - 4

    def label(self, text: str, x: float, y: float, *, style: str = "small", anchor: str = "start") -> None:
        """A text at a place."""
        self.put(f'<text class="{style}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>')

    def box(
        self, place: tuple[float, float], size: tuple[float, float], style: str, *, radius: int = 0
    ) -> None:
        """A rectangle."""
        (x, y), (width, height) = place, size
        self.put(
            f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}"/>'
        )

    def card(self, lines: list[tuple[str, str]], *, tone: str = "plain") -> None:
        """A card of texts, each with its style, beside a stripe that tells whether all is well."""
        top, place = self.y - 14, len(self._parts)
        self.y += 8
        for text, style in lines:
            self.text(text, x=MARGIN + 18, style=style)
        height = self.y - top - 6
        texts = self._parts[place:]
        del self._parts[place:]
        self.box((MARGIN, top), (WIDTH - 2 * MARGIN, height), "card", radius=6)
        self.box((MARGIN, top), (6, height), f"fill-{tone}", radius=3)
        self._parts += texts
        self.y += 22

    def arrow(self, text: str) -> None:
        """From one card to the next, with what leads there."""
        x, y = MARGIN + 24, self.y - 24
        self.put(f'<path class="arrow" d="M{x} {y}h4v18h6l-8 10l-8 -10h6z"/>')
        self.label(text, x + 22, y + 18, style="strong")
        self.y += 26

    def put(self, part: str) -> None:
        """Any other part."""
        self._parts.append(part)

    def svg(self) -> str:
        """The picture as a file has it."""
        height = self.y
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}">\n<style>{_STYLE}</style>\n'
            f'<rect class="sheet" width="{WIDTH}" height="{height}"/>\n'
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )
