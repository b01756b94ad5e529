"""What commands left of each stack, as one report: from the journal, or from those of several shards.

Owns: which outcome counts, and the report as JSON, Markdown and a page. Does not own: records (journal.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from operate.evidence.report import tool_version
from operate.evidence.templates import templates
from operate.evidence.words import counted

SCHEMA = "language-cmk/fleet-report/1"
NOT_RUN = "not run"
_MOST_ROWS = 300
"""Rows of the Markdown, which goes into a comment: GitHub takes 65,536 characters."""
_MARKDOWN = """\
### {{ title }}

| Stack | {{ columns | join(" | ") }} |
|---|---|---|---|---|
{% for one in rows[:most] -%}
| {{ one.stack }} | {{ cells(one) | map("line") | join(" | ") }} |
{% endfor -%}
{% if rows | length > most %}
{{ rows | length - most }} more are left out here; report.json has all.
{% endif %}"""
_HARMLESS = str.maketrans({"`": "'", "|": "\u00a6", "<": "\u2039"})
_COLUMNS = ["Command", "Result", "Changes", "Open findings"]


@dataclass(frozen=True)
class Row:
    """The last outcome of a stack; `result` is its reason, what is not proven, or its notes."""

    stack: str
    action: str = ""
    ok: bool = False
    result: str = NOT_RUN
    changes: str = ""
    findings: str = ""


def rows(records: Iterable[Mapping[str, Any]], stacks: Iterable[str]) -> list[Row]:
    """A row for each stack, those first that are not as they should be. Records of several journals may come
    in any order; the newest of a stack counts."""
    last: dict[str, Mapping[str, Any]] = {}
    for record in sorted(records, key=lambda one: str(one.get("at"))):
        if record.get("event") == "outcome":
            last[str(record["stack"])] = record
    found = [_row(stack, last.get(stack)) for stack in stacks]
    return sorted(found, key=lambda one: (one.ok, one.stack))


def write(folder: Path, found: Sequence[Row]) -> Path:
    """Writes report.json, report.md and index.html; the page's path."""
    bad = sum(not one.ok for one in found)
    title = _headline(bad, len(found))
    values = {
        "title": title,
        "bad": bad,
        "rows": found,
        "columns": _COLUMNS,
        "cells": _cells,
        "most": _MOST_ROWS,
        "version": tool_version(),
    }
    document = {
        "schema": SCHEMA,
        "tool": tool_version(),
        "ok": not bad,
        "stacks": [vars(one) for one in found],
    }
    markdown = Environment(autoescape=True)
    # What a span of code holds is text as it is: escaped, it would be read as `&#39;`.
    markdown.filters["line"] = lambda text: Markup(line(text))  # noqa: S704
    page = templates(Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "report.json": json.dumps(document, indent=2) + "\n",
        "report.md": markdown.from_string(_MARKDOWN).render(values),
        "index.html": page.get_template("report.html.j2").render(values),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "index.html"


def _row(stack: str, record: Mapping[str, Any] | None) -> Row:
    if record is None:
        return Row(stack)
    said = record.get("reason") or "; ".join([*record.get("unproven", ()), *record.get("notes", ())])
    return Row(
        stack,
        str(record["action"]),
        bool(record["ok"]),
        said or "ok",
        _counts(record.get("changes", {})),
        _counts(record.get("findings", {})),
    )


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counted.items()))


def _cells(row: Row) -> tuple[str, str, str, str]:
    return row.action, row.result, row.changes, row.findings


def line(text: str) -> str:
    """A text in a line or a cell of Markdown: no line feed, bar, mention or mark-up gets through."""
    shown = " ".join(text.split()).translate(_HARMLESS)
    return f"`{shown}`" if shown else ""


def _headline(bad: int, count: int) -> str:
    if not bad:
        return f"Fleet: {counted(count, 'stack')}, all as they should be"
    return f"Fleet: {bad} of {counted(count, 'stack')} not as {'it' if bad == 1 else 'they'} should be"
