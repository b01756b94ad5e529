"""What the local Azure covers, as a table for a reader, made from the route table.

python -m localazure.coverage docs/localazure.md
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from localazure.assembly import all_routes
from localazure.routes import Route
from localazure.tokens import Signer, new_key

ASSUMED_BEGIN, ASSUMED_END = "<!-- assumed: made by python -m localazure.coverage -->", "<!-- /assumed -->"
BEGIN, END = "<!-- routes: made by python -m localazure.coverage -->", "<!-- /routes -->"


def table(routes: Iterable[Route]) -> str:
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


def refreshed(document: str) -> str:
    """The document with its table of routes and its list of assumptions made anew. Raises ValueError without
    their marks."""
    routes = all_routes(Signer(new_key()))
    listed = between_marks(document, ASSUMED_BEGIN, ASSUMED_END, assumptions(routes))
    return between_marks(listed, BEGIN, END, table(routes))


def between_marks(document: str, begin: str, end: str, text: str) -> str:
    """The document with `text` between two marks. Raises ValueError where it does not have them."""
    head, mark, rest = document.partition(begin)
    _, last, tail = rest.partition(end)
    if not mark or not last:
        raise ValueError(f"the document has no {begin} followed by {end}")
    return f"{head}{begin}\n{text}\n{end}{tail}"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(refreshed(document.read_text()))
