"""One local Azure for all the provider's tests that need one, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.azure import RunningAzure, running_azure

if TYPE_CHECKING:
    from tests.provider.world import World


@pytest.fixture(scope="session")
def local_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    with running_azure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def azure(local_azure: RunningAzure) -> Iterator[RunningAzure]:
    # Azure's clients take a second to import, which the unit tests beside this file need not wait for.
    from tests.provider.world import environment_of

    local_azure.control("/faults", method="DELETE")
    local_azure.control("/reset", {})
    with environment_of(local_azure):
        yield local_azure


@pytest.fixture
def world(azure: RunningAzure) -> World:
    from tests.provider.world import a_world

    return a_world(azure)
