"""HTML made of values: what is not HTML already is escaped on its way in, so that no name can be markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "rect", "line"})
_SHORT = 20


class Html(str):
    """Text that is HTML; made by `element` and `join` only, or from a constant of ours."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """An element; children and values are escaped unless they are Html; None and False are left out.

    `class_` stands for `class`, other underscores for dashes; `viewBox` is spelt as it is.
    """
    shown = "".join(
        f" {word.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for word, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID and not children:
        # Inside an SVG an unclosed element would swallow the next; HTML's own void elements take the slash.
        return Html(f"<{name}{shown}/>")
    return Html(f"<{name}{shown}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Children one after another, each escaped unless it is Html; None is nothing."""
    return Html(
        "".join(
            child if isinstance(child, Html) else escape(str(child))
            for child in children
            if child is not None
        )
    )


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> Html:
    """A table whose first cell of a row is its head; `empty` is said where there is no row."""
    body = [element("tr", *(_cell(n, cell) for n, cell in enumerate(row))) for row in rows]
    if not body:
        return element("p", empty, class_="empty")
    head = element("thead", element("tr", *(element("th", text, scope="col") for text in heads)))
    hidden = element("caption", caption, class_="hidden")
    # Reachable by keyboard, since a wide table scrolls on a narrow screen.
    return element(
        "div",
        element("table", hidden, head, element("tbody", *body)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def _cell(column: int, cell: object) -> Html:
    name, scope = ("td", None) if column else ("th", "row")
    # Dates and numbers stay on one line.
    short = not isinstance(cell, Html) and len(str(cell)) <= _SHORT and column > 0
    return element(name, cell, scope=scope, class_="short" if short else None)


def pairs(rows: Iterable[tuple[str, object]]) -> Html:
    """Names and values, as a list of definitions."""
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in rows))


def badge(text: str, kind: str) -> Html:
    """A word that stands out: kind is `good`, `error`, `warning` or `note`."""
    return element("span", text, class_=f"badge {kind}")


def code(text: str) -> Html:
    """An id, which may break anywhere."""
    return element("code", text)
