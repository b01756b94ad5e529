"""A pytest plugin that says where a failing row stands, in YAML, in JSON or in a table: its file and line.

A row is found by the text that its test is called by, in the test's own file, in the files of its folder, or
in the tables of this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_NUMBER = re.compile(r" \(\d+\)$")
_LEAST = 12
"""Shorter texts, such as a mode or a flag, stand in too many places."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    called_by = getattr(item, "callspec", None)
    if report.failed and called_by and (place := place_of(called_by.id, item.path)):
        report.sections.append(("the row", place))
    return report  # type: ignore[no-any-return]


def place_of(id: str, test: Path) -> str:
    """`FILE:LINE` of the row that a test is called by; empty if no table has its text."""
    texts = [text for text in (_NUMBER.sub("", id), *id.split("-")) if len(text) >= _LEAST]
    tables = [path for ending in ("yaml", "json", "py") for path in sorted(test.parent.rglob(f"*.{ending}"))]
    for path in (test, *tables, *sorted(Path(__file__).parent.glob("*.json"))):
        lines = path.read_text(encoding="utf-8").splitlines()
        for text in texts:
            for number, line in enumerate(lines, 1):
                if text in line:
                    return f"{path}:{number}"
    return ""
