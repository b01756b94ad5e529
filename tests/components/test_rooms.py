"""The folder's map is true: every module is in one row, imports run down, and what it holds fits a screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import components
from core import service

FOLDER = Path(components.__path__[0])
MODULES = sorted(
    file
    for folder in (FOLDER, Path(service.__path__[0]))
    for file in folder.rglob("*.py")
    if file != folder / "__init__.py"
)
LONGEST_FUNCTION, MOST_FIELDS = 60, 12


def rows(map: str) -> dict[str, int]:
    """The rooms of a folder with the number of their row, as its docstring has them."""
    listed = [line.split("|")[1] for line in map.splitlines() if line.startswith("| `")]
    found = [(room, number) for number, row in enumerate(listed) for room in re.findall(r"`(\w+)`", row)]
    assert len(found) == len(dict(found)), "a room is in two rows"
    return dict(found)


def imported(file: Path, *parts: str) -> Iterator[str]:
    """The rooms of a folder that a module imports from."""
    for node in ast.walk(ast.parse(file.read_text())):
        words = (node.module or "").split(".") if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom) and words[: len(parts)] == [*parts]:
            yield from words[len(parts) : len(parts) + 1] or [alias.name for alias in node.names]


@pytest.mark.parametrize("package", [components, service], ids=lambda package: package.__name__)
def test_every_module_is_in_one_row_and_imports_run_down(package: Any) -> None:
    """Whoever adds one says where it belongs: a room knows those below it, and nothing of those above."""
    folder, parts, row_of = Path(package.__path__[0]), package.__name__.split("."), rows(package.__doc__)
    files = [file for file in folder.rglob("*.py") if file != folder / "__init__.py"]
    room_of = {file: file.relative_to(folder).parts[0].removesuffix(".py") for file in files}
    assert {*row_of} == {*room_of.values()}
    for file in files:
        own = row_of[room_of[file]]
        assert [room for room in imported(file, *parts) if row_of[room] < own] == [], file


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(FOLDER.parent)))
def test_a_function_fits_a_screen_and_a_record_has_few_fields(file: Path) -> None:
    """So that each can be held in the head."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
        if isinstance(node, ast.ClassDef) and any(
            "dataclass" in ast.unparse(one) for one in node.decorator_list
        ):
            fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
            public = [one for one in fields if not ast.unparse(one.target).startswith("_")]
            assert len(public) <= MOST_FIELDS, node.name
