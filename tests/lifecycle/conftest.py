"""A life of the module's own, to which each of its tests goes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lifecycle.crashes import IN_VAULT, Place
from tests.lifecycle.life import Life, begin_life


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Place:
    """Where the key of the life is: in a vault, unless a test asks for another place."""
    found: Place = getattr(request, "param", IN_VAULT)
    return found


@pytest.fixture(scope="module")
def life(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Stack `dev` as the repository has it, but for the place of its key, deployed once."""
    folder = tmp_path_factory.mktemp("life")
    yield from begin_life(
        folder, place.settings, judge_of=place.judge, prepare=place.prepare, policy_pack=False
    )
