"""What commands left of each stack, as one report: from the journal, or from those of several shards.

Owns: which outcome counts, and the report as JSON and Markdown. Does not own: records (journal.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operate.evidence.report import tool_version
from operate.evidence.words import counted

SCHEMA = "language-cmk/fleet-report/1"
NOT_RUN = "not run"
_MOST_ROWS = 300
"""Rows of the Markdown, which goes into a comment: GitHub takes 65,536 characters."""
_HARMLESS = str.maketrans({"`": "'", "|": "\u00a6", "<": "\u2039"})


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
    """Writes report.json and report.md; the path of that."""
    bad = sum(not one.ok for one in found)
    document = {
        "schema": SCHEMA,
        "tool": tool_version(),
        "ok": not bad,
        "stacks": [vars(one) for one in found],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(_markdown(_headline(bad, len(found)), found), encoding="utf-8")
    return folder / "report.md"


def _markdown(title: str, found: Sequence[Row]) -> str:
    lines = [
        f"### {title}",
        "",
        "| Stack | Command | Result | Changes | Open findings |",
        "|---|---|---|---|---|",
    ]
    for one in found[:_MOST_ROWS]:
        cells = (one.action, one.result, one.changes, one.findings)
        lines.append(f"| {one.stack} | {' | '.join(map(line, cells))} |")
    if len(found) > _MOST_ROWS:
        lines += ["", f"{len(found) - _MOST_ROWS} more are left out here; report.json has all."]
    return "\n".join(lines) + "\n"


def _row(stack: str, record: Mapping[str, Any] | None) -> Row:
    if record is None:
        return Row(stack)
    said = record.get("reason") or "; ".join([*record.get("unproven", ()), *record.get("notes", ())])
    drifted = record["action"] == "drift" and bool(record.get("changes"))
    errors = bool(record.get("findings", {}).get("error"))
    return Row(
        stack,
        str(record["action"]),
        bool(record["ok"]) and not drifted and not errors,
        said or ("open findings" if errors else "ok"),
        _counts(record.get("changes", {})),
        _counts(record.get("findings", {})),
    )


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counted.items()))


def line(text: str) -> str:
    """A text in a line or a cell of Markdown: no line feed, bar, mention or mark-up gets through."""
    shown = " ".join(text.split()).translate(_HARMLESS)
    return f"`{shown}`" if shown else ""


def _headline(bad: int, count: int) -> str:
    if not bad:
        return f"Fleet: {counted(count, 'stack')}, all as they should be"
    return f"Fleet: {bad} of {counted(count, 'stack')} not as {'it' if bad == 1 else 'they'} should be"
