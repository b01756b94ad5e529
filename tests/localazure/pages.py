"""Writes what the pages of the local Azure say of its routes and switches, from its own tables.

python -m tests.localazure.pages
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from localazure.assembly import all_routes
from localazure.behaviour import SWITCHES, Switch
from localazure.routes import Route
from localazure.tokens import Signer, new_key

DOCS = Path(__file__).parents[2] / "docs"
_MADE = "made by python -m tests.localazure.pages"


def made_anew(page: str, document: str) -> str:
    """A page with its tables made anew. Raises ValueError without their marks."""
    if page == "assumptions.md":
        return between_marks(document, "switches", switches_table(SWITCHES))
    routes = all_routes(Signer(new_key()))
    listed = between_marks(document, "assumed", assumptions(routes))
    return between_marks(listed, "routes", routes_table(routes))


def routes_table(routes: Iterable[Route]) -> str:
    """One row for each path of each host: its methods, and the parts of its answers never observed."""
    rows: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for route in routes:
        methods, assumed = rows.setdefault((route.host, route.template), ([], []))
        methods.append(route.method)
        if route.assumed:
            assumed.append(f"{route.method}: {route.assumed}")
    lines = ["| host | path | methods | assumed |", "|---|---|---|---|"]
    for (host, template), (methods, assumed) in sorted(rows.items()):
        lines.append(f"| {host} | `{template}` | {', '.join(methods)} | {_cell(assumed)} |")
    return "\n".join(lines)


def assumptions(routes: Iterable[Route]) -> str:
    """What is assumed of answers, shortest first, each with the number of routes of which it is."""
    counts = Counter(route.assumed for route in routes if route.assumed)
    shortest_first = sorted(counts, key=lambda text: (len(text), text))
    return "\n".join(f"- {text} ({counts[text]})" for text in shortest_first)


def _cell(assumed: list[str]) -> str:
    texts = {text.split(": ", 1)[1] for text in assumed}
    said = "; ".join(assumed) if len(texts) > 1 else "".join(texts)
    return said.replace("|", "\\|").replace("\n", " ")


def switches_table(switches: Iterable[Switch]) -> str:
    """One row for each switch that is about Azure; those that only serve testing are left out."""
    lines = [
        "| switch | question | values, the default first | why the default may be wrong | learned from |",
        "|---|---|---|---|---|",
    ]
    for switch in switches:
        if switch.source:
            values = ", ".join(f"`{json.dumps(value)}`" for value in switch.values)
            cells = (
                f"`{switch.name}`",
                switch.question,
                f"{values}{', or any other' if switch.free else ''}",
                switch.otherwise,
                switch.source,
            )
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def between_marks(document: str, word: str, text: str) -> str:
    """The document with `text` between two marks of this word. Raises ValueError where it lacks them."""
    begin, end = f"<!-- {word}: {_MADE} -->", f"<!-- /{word} -->"
    head, mark, rest = document.partition(begin)
    _, last, tail = rest.partition(end)
    if not mark or not last:
        raise ValueError(f"the document has no {begin} followed by {end}")
    return f"{head}{begin}\n{text}\n{end}{tail}"


if __name__ == "__main__":
    for page in ("assumptions.md", "localazure.md"):
        path = DOCS / page
        path.write_text(made_anew(page, path.read_text()))
