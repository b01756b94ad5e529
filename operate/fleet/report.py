"""The outcomes of an action, stack by stack, as report.json and report.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from core.published import VERSION
from operate.evidence.model import counted
from operate.fleet.planning import Outcome

SCHEMA = "language-cmk/fleet-report/2"
_MOST_ROWS = 300
"""Rows of the Markdown at most: it goes into a comment, and GitHub takes 65,536 characters."""
_UPDATES = ("up", "rotate")
_DONE = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}
"""How an update tells what a preview calls by the word."""
_HARMLESS = str.maketrans({"`": "'", "|": "\u00a6", "<": "\u2039"})


def write(folder: Path, action: str, outcomes: Iterable[Outcome]) -> Path:
    """Writes both files, with the stacks that need attention first. Returns the path of the Markdown."""
    by_need = sorted(outcomes, key=lambda outcome: (outcome.ok, outcome.stack))
    failed = sum(not outcome.ok for outcome in by_need)
    document = {
        "schema": SCHEMA,
        "tool": VERSION,
        "action": action,
        "ok": failed == 0,
        "stacks": [asdict(outcome) | {"ok": outcome.ok} for outcome in by_need],
    }
    rows = [
        f"| {outcome.stack} | {line(outcome.said or 'ok')} | {line(_changes(outcome, action))} |"
        for outcome in by_need[:_MOST_ROWS]
    ]
    title = _title(action, len(by_need), failed)
    lines = [title, "", "| Stack | Result | Changes |", "|---|---|---|", *rows]
    if len(by_need) > _MOST_ROWS:
        lines += ["", f"{len(by_need) - _MOST_ROWS} more are left out here; report.json has all."]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "report.md"


def _title(action: str, count: int, failed: int) -> str:
    result = "all as they should be"
    if failed:
        result = f"{failed} not as {'it' if failed == 1 else 'they'} should be"
    return f"### Fleet, {action}: {counted(count, 'stack')}, {result}"


def told(one: Outcome, action: str) -> str:
    """An outcome as a line for a person."""
    said = one.said or _changes(one, action) or "nothing changes"
    if one.ok and action in _UPDATES:
        said += ", proven"
    return f"  {'ok' if one.ok else 'FAILED':<8}{one.stack}: {said}; {one.seconds} s"


def _changes(one: Outcome, action: str) -> str:
    is_done = action in _UPDATES
    words = [
        (count, _DONE.get(op, op) if is_done else f"to {op}") for op, count in sorted(one.changes.items())
    ]
    return ", ".join(f"{count} {word}" for count, word in words)


def line(text: str) -> str:
    """A text in a line or a cell of Markdown: no line feed, bar, mention or mark-up gets through."""
    shown = " ".join(text.split()).translate(_HARMLESS)
    return f"`{shown}`" if shown else ""
