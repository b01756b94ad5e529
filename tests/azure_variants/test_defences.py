"""What the product does about each switch: each has its defence, and a life goes wrong without it."""

from __future__ import annotations

import pytest

from tests.azure_variants.defences import DEFENCES, Defence
from tests.azure_variants.life import LIVED, Life, row
from tests.azure_variants.results import DOCUMENT, defences


def test_every_switch_has_its_defence() -> None:
    """The table has each switch that is about Azure once, and is the document's."""
    assert [one.switch for one in DEFENCES] == [switch.name for switch in LIVED]
    assert defences() in DOCUMENT.read_text()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("defence", [one for one in DEFENCES if one.out], ids=lambda one: str(one.switch))
def test_a_life_fails_without_the_defence(defence: Defence) -> None:
    """What the product does about the switch is taken out, and a life under it goes wrong."""
    with defence.taken_out(), pytest.raises(AssertionError):
        Life(row(**defence.row)).live()
