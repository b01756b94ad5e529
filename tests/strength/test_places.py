"""Each line that the search takes out is where its table says; a rebuild that moves one moves its row."""

import pytest

from tests.strength.mutations import MUTATIONS, Mutation
from tests.support.stack import ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.room}: {one.found}"[:60])
def test_a_place_is_found_once(mutation: Mutation) -> None:
    """In its room, by its text, which the search then changes."""
    assert mutation.file().is_relative_to(ROOT / mutation.room)
    assert mutation.instead != mutation.found
