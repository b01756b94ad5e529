"""docs/comparison.md: what it says of this project names settings that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.setting_paths import setting_paths

PAGE = Path(__file__).resolve().parents[2] / "docs" / "comparison.md"
OUTPUTS = {"bound", "exampleCommand"}


def rows() -> list[list[str]]:
    """The rows of the tables: the feature, what this project does, and three other tools."""
    tables = PAGE.read_text(encoding="utf-8").partition("## Run side by side")[0]
    lines = [line for line in tables.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "| here |" not in line]


def test_what_is_claimed_here_is_a_setting() -> None:
    """Each word in code is a setting, a group of settings, or an output."""
    paths = set(setting_paths())
    known = OUTPUTS | paths | {path.rpartition(".")[0] for path in paths if "." in path}
    claimed = {row[0]: set(re.findall(r"`([A-Za-z][\w.]*)(?:: \w+)?`", row[1])) for row in rows()}
    assert {feature: words - known for feature, words in claimed.items() if words - known} == {}
    assert {"lock", "callers", "names", "searchServiceId"} <= set().union(*claimed.values())


def test_every_tool_has_a_word_in_each_row() -> None:
    """Whoever knows nothing of a tool says so."""
    assert [row[0] for row in rows() if len(row) != 5 or not all(row)] == []
