"""What is measured is what a user has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench.fleets import Fleet
from tests.support.azure import RunningAzure
from tests.support.stack import Run, Stack


def test_the_plugins_of_the_benchmark_start_by_their_executables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a clone. A test's stack has none, so that its plugins run in forks."""

    def nothing(*_: Any, **__: Any) -> Run:
        return Run(0, "")

    monkeypatch.setattr(Stack, "pulumi", nothing)
    azure = cast("RunningAzure", SimpleNamespace(env={}))
    stack = Fleet(azure, tmp_path, 1).ours("preview")
    assert (stack.folder / "provider" / "pulumi-resource-azure-cmk").is_file()
    assert (stack.folder / "components" / "pulumi-resource-language-cmk").is_file()
