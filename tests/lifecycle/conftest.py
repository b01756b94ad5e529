"""A life of the module's own, to which each of its tests goes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lifecycle.life import Life, begin_life


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Stack `dev` as the repository has it, deployed once."""
    yield from begin_life(tmp_path_factory.mktemp("life"), {}, policy_pack=False)
