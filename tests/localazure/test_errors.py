"""The table of refusals: each is raised somewhere, and with the words that its text names."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

FOLDER = Path(__file__).resolve().parents[2] / "localazure"
ERRORS = json.loads((FOLDER / "errors.json").read_text())["errors"]


def _raised() -> Iterator[tuple[str, set[str]]]:
    """The name and the words of each refusal in the code."""
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("azure_error", "absent") and isinstance(node.args[0], ast.Constant):
                words = {str(one.arg) for one in node.keywords} - {"details"}
                yield str(node.args[0].value), words if node.func.id == "azure_error" else {"name"}


def test_each_refusal_is_raised_with_the_words_of_its_text() -> None:
    """A word too few would be a failure of the server, a row too many tells of what cannot happen."""
    texts = {
        name: {word for _, word, _, _ in Formatter().parse(one["text"]) if word}
        for name, one in ERRORS.items()
    }
    raised = list(_raised())
    assert [(name, words) for name, words in raised if texts.get(name) != words] == []
    assert {name for name, _ in raised} == set(ERRORS)
