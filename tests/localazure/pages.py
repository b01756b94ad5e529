"""Writes what the pages of the local Azure say of its routes and switches, from its own tables.

python -m tests.localazure.pages
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
    return between_marks(document, "routes", routes_table(all_routes(Signer(new_key()))))


def routes_table(routes: Iterable[Route]) -> str:
    """One row for what has the same host, the same provider and the same assumption: the rest of each path
    with its methods, at whichever scopes it is served."""
    rows: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for route in routes:
        namespace, rest = _divided(route.template)
        paths = rows.setdefault((route.host, namespace, route.assumed), {})
        methods = paths.setdefault(rest, [])
        if route.method not in methods:
            methods.append(route.method)
    lines = ["| host and provider | methods and paths | assumed |", "|---|---|---|"]
    for (host, namespace, assumed), paths in sorted(rows.items(), key=_least_assumed_first):
        by_methods: dict[str, list[str]] = {}
        for rest, methods in sorted(_with_optional_versions(paths).items()):
            by_methods.setdefault(", ".join(methods), []).append(f"`{rest}`")
        listed = "; ".join(f"{methods} {', '.join(rests)}" for methods, rests in by_methods.items())
        lines.append(f"| {f'{host} {namespace}'.strip()} | {listed} | {assumed} |")
    return "\n".join(lines)


def _least_assumed_first(row: tuple[tuple[str, str, str], object]) -> tuple[str, str, int, str]:
    host, namespace, assumed = row[0]
    return host, namespace, len(assumed), assumed


def _divided(template: str) -> tuple[str, str]:
    """The provider's namespace where a path names one, and the path after it, or all of it."""
    _, providers, after = template.rpartition("/providers/")
    namespace, slash, rest = after.partition("/")
    if not providers or "." not in namespace:
        return "", template
    return namespace, f"{slash}{rest}"


def _with_optional_versions(paths: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What is served with a version, with an empty one and without one, as one path: `[/{version}]`."""
    shown = dict(paths)
    for versioned, methods in paths.items():
        without = versioned.replace("/{version}/", "/")
        if without != versioned and paths.get(without) == methods:
            for path in (versioned, without, versioned.replace("{version}", "")):
                shown.pop(path, None)
            shown[versioned.replace("/{version}", "[/{version}]")] = methods
    return shown


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
