"""A life of the module's own, to which each of its tests goes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lifecycle.crashes import IN_VAULT, Matrix, counted
from tests.lifecycle.life import Life, begin_life


@pytest.fixture(scope="module")
def matrix(request: pytest.FixtureRequest) -> Matrix:
    """Where the key of the life is: in a vault, unless a test asks for another place."""
    found: Matrix = getattr(request, "param", IN_VAULT)
    return found


@pytest.fixture(scope="module")
def life(matrix: Matrix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Stack `dev` as the repository has it, but for the place of its key, deployed once."""
    yield from begin_life(
        tmp_path_factory.mktemp("life"),
        counted(matrix),
        settings=matrix.settings,
        judge_of=matrix.judge,
        prepare=matrix.prepare,
    )
