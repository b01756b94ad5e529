"""HTML made of values: what is not HTML already is escaped on its way in, so that no name can be markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "input", "br"})


class Html(str):
    """Text that is HTML; made by `element` and `join` only, or from a constant of ours."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """An element; children and values are escaped unless they are Html, None and False left out.

    `class_` stands for `class`, other underscores for dashes.
    """
    shown = "".join(
        f" {word.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for word, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{shown}>")
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


def table(heads: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> Html:
    """A table; a cell may be an element `td` already. `empty` is the text of a table without rows."""
    body = [element("tr", *(_cell(cell) for cell in row)) for row in rows]
    if not body:
        return element("p", empty, class_="empty")
    head = element("thead", element("tr", *(element("th", text, scope="col") for text in heads)))
    return element("div", element("table", head, element("tbody", *body)), class_="scroll")


def badge(text: str, kind: str = "") -> Html:
    """A word that stands out: kind is `good`, `bad`, `warn` or empty."""
    return element("span", text, class_=f"badge {kind}".strip())


def code(text: str, shown: str = "") -> Html:
    """An id, shortened to `shown` where given, whole on hovering and for copying."""
    return element("code", shown or text, title=text if shown else None)


def _cell(cell: object) -> Html:
    return cell if isinstance(cell, Html) and cell.startswith("<td") else element("td", cell)
