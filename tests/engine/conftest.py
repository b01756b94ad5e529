"""A local Azure for the real engine's tests, and stacks on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    """A local Azure of this module's own."""
    with running_azure(tmp_path_factory.mktemp("azure") / "home") as running:
        yield running


@pytest.fixture
def empty_azure(azure: RunningAzure) -> RunningAzure:
    """The module's local Azure, with nothing in it."""
    azure.control("/reset", {})
    return azure


@pytest.fixture
def stack(empty_azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Stack `dev` as the repository has it, on an empty local Azure, not yet deployed."""
    return Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", empty_azure.env)
