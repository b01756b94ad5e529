"""Every plausible Azure: whole lives under a pairwise covering array of all switches and access modes.

EVERY_AZURE_ARRAYS=5 lives five different arrays, in which other triples of values meet.
"""

from __future__ import annotations

import itertools
import os

import pytest

from tests.every_azure.covering import Row, covering, pairs_of
from tests.every_azure.life import FACTORS, Life

PARTS = 8
"""The lives are lived in this many tests, which may run at the same time."""
ARRAYS = int(os.environ.get("EVERY_AZURE_ARRAYS", "1"))


def rows() -> list[Row]:
    """The rows of every array that is asked for."""
    return [row for seed in range(1, ARRAYS + 1) for row in covering(FACTORS, seed=seed)]


def unusual(row: Row) -> str:
    """A row's values but the usual ones."""
    return ", ".join(f"{name}={value}" for name, value in row.items() if value != FACTORS[name][0]) or "usual"


def test_every_pair_of_values_occurs() -> None:
    """The array covers every two values of every two factors, and is the same in every run."""
    array = covering(FACTORS)
    wanted = {
        (a, x, b, y)
        for a, b in itertools.combinations(sorted(FACTORS), 2)
        for x in FACTORS[a]
        for y in FACTORS[b]
    }
    assert set().union(*map(pairs_of, array)) == wanted
    assert array == covering(FACTORS)
    assert len(array) <= 35


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_life_holds(part: int) -> None:
    """Never unbound, never unreadable while access is granted, no change that comes back with each update,
    and every failure says what to do: in each mode, under every two values of every two switches."""
    lived = {unusual(row): Life(row).live() for row in rows()[part::PARTS]}
    assert {name: wrong for name, wrong in lived.items() if wrong} == {}
