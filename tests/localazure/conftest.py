"""One local Azure for all tests here; each signs in to it through the environment, as clients do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localazure import process
from localazure.home import Home
from tests.localazure.driver import Case
from tests.support.azure import RunningAzure, running_azure


@pytest.fixture(scope="session")
def shared_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    """A running local Azure that tests share: make resource groups of your own."""
    # Retry-After 0 leaves the pace of polling to the client.
    with running_azure(tmp_path_factory.mktemp("azure") / "home", group_retry_seconds=0) as azure:
        yield azure


@pytest.fixture
def azure(shared_azure: RunningAzure, monkeypatch: pytest.MonkeyPatch) -> RunningAzure:
    """The shared local Azure, with this process's environment set so that SDK clients reach it."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in shared_azure.env.items():
        monkeypatch.setenv(name, value)
    return shared_azure


@pytest.fixture
def case() -> Case:
    """A cloud of its own for a test."""
    return Case()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home of its own for a test; what serves it is stopped at the end."""
    home = Home(tmp_path / "home")
    yield home
    process.stop(home)
