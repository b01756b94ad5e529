"""Every plausible Azure: whole lives under a pairwise covering array of all switches and access modes.

SEARCH=wide lives five different arrays, in which other triples of values meet.
"""

from __future__ import annotations

import pytest

from tests.azure_variants.covering import covering
from tests.azure_variants.life import FACTORS, Life
from tests.support.search import WIDE

PARTS = 8
"""The lives are lived in this many tests, which may run at the same time."""
ARRAYS = range(1, 6 if WIDE else 2)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("seed", ARRAYS)
def test_every_life_holds(seed: int, part: int) -> None:
    """Never unbound, never unreadable while access is granted, no change that comes back with each update,
    and every failure says what to do: in each mode, under every two values of every two switches."""
    for lived in covering(FACTORS, seed=seed)[part::PARTS]:
        Life(lived).live()
