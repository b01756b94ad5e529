"""The folder's map is true: every module is in one row, imports run down, and what it holds fits a screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import components

FOLDER = Path(components.__path__[0])
ROWS = [
    re.findall(r"`(\w+)`", line.split("|")[1])
    for line in (components.__doc__ or "").splitlines()
    if line.startswith("| `")
]
ROW_OF = {room: number for number, rooms in enumerate(ROWS) for room in rooms}
MODULES = sorted(file for file in FOLDER.rglob("*.py") if file != FOLDER / "__init__.py")
LONGEST_FUNCTION, MOST_FIELDS = 60, 12


def room_of(file: Path) -> str:
    """The module, or the folder that it is in."""
    return file.relative_to(FOLDER).parts[0].removesuffix(".py")


def imported(file: Path) -> Iterator[str]:
    """The rooms that a module imports from."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "components":
            names = (node.module or "").split(".")[1:2] or [alias.name for alias in node.names]
            yield from names


def test_every_module_is_in_one_row() -> None:
    """Whoever adds one says where it belongs."""
    listed = [room for row in ROWS for room in row]
    assert sorted(listed) == sorted({room_of(file) for file in MODULES})


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_imports_run_down(file: Path) -> None:
    """A room knows those below it, and nothing of those above."""
    own = ROW_OF[room_of(file)]
    assert [room for room in imported(file) if ROW_OF[room] < own] == []


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(FOLDER)))
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
