"""Every plausible Azure: whole lives under a pairwise covering array of all switches and access modes.

SEARCH=wide lives five different arrays, in which other triples of values meet.
"""

from __future__ import annotations

import itertools

import pytest

from tests.azure_variants.covering import covering, pairs_of
from tests.azure_variants.life import ELSEWHERE, FACTORS, LIVED, Life
from tests.azure_variants.results import DOCUMENT, line, rows
from tests.support.search import WIDE

PARTS = 8
"""The lives are lived in this many tests, which may run at the same time."""
MORE_ARRAYS = range(2, 6 if WIDE else 2)


def test_every_pair_of_values_occurs() -> None:
    """The array covers every two values of every two factors, and is the same in every run."""
    array = rows()
    wanted = {
        (a, x, b, y)
        for a, b in itertools.combinations(sorted(FACTORS), 2)
        for x in FACTORS[a]
        for y in FACTORS[b]
    }
    assert set().union(*map(pairs_of, array)) == wanted
    assert array == covering(FACTORS)
    assert len(array) <= 35


def test_the_document_says_which_switches_the_array_leaves_out() -> None:
    """By number and by name."""
    text = DOCUMENT.read_text()
    assert f"{len(LIVED)} of the {len(LIVED) + len(ELSEWHERE)} switches" in text
    assert [name for name in ELSEWHERE if f"`{name}`" not in text] == []


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_life_holds(part: int) -> None:
    """Never unbound, never unreadable while access is granted, no change that comes back with each update,
    and every failure says what to do: in each mode, under every two values of every two switches. The
    document has the same result."""
    document = DOCUMENT.read_text()
    for number, lived in list(enumerate(rows()))[part::PARTS]:
        Life(lived).live()
        assert line(number, lived) in document


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", MORE_ARRAYS)
def test_every_life_of_another_array_holds(seed: int) -> None:
    """The same for another array."""
    for lived in covering(FACTORS, seed=seed):
        Life(lived).live()
