"""What the product does about each switch: each has its defence, and a life goes wrong without it."""

from __future__ import annotations

import re

import pytest

from tests.azure_variants.defences import DEFENCES
from tests.azure_variants.life import ELSEWHERE, LIVED, Life, row
from tests.support.stack import ROOT

TEXT = (ROOT / "docs" / "every-azure.md").read_text()


def test_every_switch_has_its_defence() -> None:
    """The document's table has each switch that is about Azure once, and says whether a life fails without
    what is done about it; and names those that no life meets."""
    table = TEXT.partition("| a life fails without it |\n")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `(\w+)` \| .+ \| (yes|nothing to take out) \|$", table, re.MULTILINE)
    known = [(one.name, "yes" if one.name in DEFENCES else "nothing to take out") for one in LIVED]
    assert told == known
    assert f"{len(LIVED)} of the {len(LIVED) + len(ELSEWHERE)} switches" in TEXT
    assert [name for name in ELSEWHERE if f"`{name}`" not in TEXT] == []


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("switch", DEFENCES)
def test_a_life_fails_without_the_defence(switch: str) -> None:
    """What the product does about the switch is taken out, and a life under it goes wrong, or has an update
    fail that succeeds with it."""
    defence = DEFENCES[switch]
    with defence.taken_out():
        without = Life(row(**defence.row))
        try:
            without.live()
        except AssertionError:
            return
    defended = Life(row(**defence.row))
    defended.live()
    assert without.failed_updates > defended.failed_updates
