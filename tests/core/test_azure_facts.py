"""docs/azure-facts.md: what the modules of core hold to be true of Azure."""

import re
from datetime import date
from pathlib import Path

import pytest

from localazure.behaviour import SWITCHES

ROOT = Path(__file__).resolve().parents[2]
_PAGE = (ROOT / "docs" / "azure-facts.md").read_text()
_ROWS = [row.split(" | ") for row in re.findall(r"^\| (?!fact \|)(.+) \|$", _PAGE, re.MULTILINE)]
_SWITCHES = {f"`{switch.name}`" for switch in SWITCHES}


def test_each_section_is_of_a_module() -> None:
    """By the path of the module that rests on its facts."""
    modules = re.findall(r"^## `(.+)`$", _PAGE, re.MULTILINE)
    assert modules == sorted(set(modules))
    assert all((ROOT / module).is_file() for module in modules)
    assert _ROWS


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] for row in _ROWS])
def test_each_fact_can_be_checked(row: list[str]) -> None:
    """One sentence with a source and a day; a switch that exists, and one for each fact that is assumed."""
    fact, source, read, known, switch = (cell.strip(" |") for cell in row)
    assert fact.endswith(".")
    assert source
    assert date.fromisoformat(read)
    assert known in ("observed", "documented", "assumed")
    assert switch in ({"", *_SWITCHES} if known != "assumed" else _SWITCHES)
