"""The table of Azure's refusals is that of the refusals that are given."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "localazure"
ROWS = json.loads((FOLDER / "refusals.json").read_text())["refusals"]


def given() -> Iterator[tuple[str, set[str]]]:
    """Each refusal that the code gives, with the values that it fills in."""
    for file in {*FOLDER.rglob("*.py")} - {FOLDER / "refusals.py"}:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("refused", "absent"):
                words = {str(word.arg) for word in node.keywords} - {"details"}
                own = {"name"} if ast.unparse(node.func) == "absent" else words
                yield ast.literal_eval(node.args[0]), own


def test_each_refusal_has_its_row_and_fills_its_text() -> None:
    """No row is without use, and no text lacks a value."""
    found = dict(given())
    fields = {
        name: {field for _, field, _, _ in string.Formatter().parse(row["text"]) if field}
        for name, row in ROWS.items()
    }
    assert found == fields
