"""A local Azure of each module's own, and a standing stack of each kind of consumer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.continuity.consumers import Consumer, standing
from tests.support.azure import running_azure

Standing = Callable[[str], Consumer]


@pytest.fixture(scope="session")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Gives the stack of a kind of consumer as it stands after its first update; deployed once."""
    made: dict[str, Consumer] = {}
    running = []

    def give(kind: str) -> Consumer:
        if kind not in made:
            folder: Path = tmp_path_factory.mktemp(kind)
            azure = running_azure(folder / "azure")
            running.append(azure)
            made[kind] = standing(kind, azure.__enter__(), folder)
        found = made[kind]
        assert found.standing is not None
        found.standing.restore()
        return found

    yield give
    for azure in running:
        azure.__exit__(None, None, None)
