"""A picture as SVG: light or dark as the reader's screen is, and readable where it is 390 pixels wide."""

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

    def __init__(self, title: str, told: str) -> None:
        self._parts = [f"<title>{escape(title)}</title>", f"<desc>{escape(told)}</desc>"]
        self.y = 30
        self.text(title, style="title")
        self.y += 6

    def text(self, text: str, *, x: int = MARGIN, style: str = "") -> None:
        """As many lines as it takes."""
        for line in textwrap.wrap(text, int((WIDTH - MARGIN - x) / letter(style)), break_on_hyphens=False):
            self._parts.append(f'<text class="{style}" x="{x}" y="{self.y}">{escape(line)}</text>')
            self.y += _LINE if "small" not in style.split() else _LINE - 4

    def card(self, *lines: tuple[str, str], tone: str = "plain") -> None:
        """A card of texts, each with its style, beside a stripe that tells whether all is well."""
        top, place = self.y - 14, len(self._parts)
        self.y += 8
        for text, style in lines:
            self.text(text, x=MARGIN + 18, style=style)
        self._parts[place:place] = [
            f'<rect class="{style}" x="{MARGIN}" y="{top}" width="{width}" height="{self.y - top - 6}" '
            f'rx="{radius}"/>'
            for style, width, radius in (("card", WIDTH - 2 * MARGIN, 6), (f"fill-{tone}", 6, 3))
        ]
        self.y += 22

    def arrow(self, text: str) -> None:
        """From one card to the next, with what leads there."""
        x, y = MARGIN + 24, self.y - 24
        self._parts += [
            f'<path class="arrow" d="M{x} {y}h4v18h6l-8 10l-8 -10h6z"/>',
            f'<text class="strong" x="{x + 22}" y="{y + 18}" text-anchor="start">{escape(text)}</text>',
        ]
        self.y += 26

    def svg(self) -> str:
        """The picture as a file has it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{self.y}" '
            f'viewBox="0 0 {WIDTH} {self.y}">\n<style>{_STYLE}</style>\n'
            f'<rect class="sheet" width="{WIDTH}" height="{self.y}"/>\n'
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )
