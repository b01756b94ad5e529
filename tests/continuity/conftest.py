"""A local Azure of each test's own, and a stack of a kind of consumer on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.continuity.consumers import Consumer, consumer
from tests.support.azure import running_azure

Makes = Callable[[str], Consumer]


@pytest.fixture
def makes(tmp_path: Path) -> Iterator[Makes]:
    """Gives a stack of a kind of consumer, not yet deployed."""
    with running_azure(tmp_path / "azure") as azure:
        yield lambda kind: consumer(kind, azure, tmp_path)


@pytest.fixture
def stands(makes: Makes) -> Makes:
    """The same, deployed."""

    def give(kind: str) -> Consumer:
        found = makes(kind)
        found.say(protect=False)
        found.must_up()
        return found

    return give
