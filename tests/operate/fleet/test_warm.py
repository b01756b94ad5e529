"""Engines whose programs, packs and providers run in forks see what those that start their own see."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from operate.fleet import engine, warm
from operate.stack_file import stack_file
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import PACK, PROGRAM, PROVIDER, FleetCheckout, recording

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing runs in forks"),
    pytest.mark.long,
]


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


@pytest.mark.engine
def test_a_preview_in_forks_is_the_same_preview(
    azure: RunningAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same steps with the same inputs, and the same verdicts of the policy pack; and nothing of it ran
    in a process that the engine started."""
    fleet = FleetCheckout(tmp_path / "language-cmk", azure.env, ["a"], {})
    monkeypatch.chdir(fleet.folder)
    for name, value in fleet.stack.env.items():
        monkeypatch.setenv(name, value)
    stack = engine.EngineStack("a", stack_file(fleet.file("a")).config)

    def seen(plan: str) -> tuple[dict[str, Any], set[tuple[str, str, str]]]:
        verdicts: set[tuple[str, str, str]] = set()

        def take(event: Any) -> None:
            if found := event.policy_event:
                verdicts.add((found.policy_name, found.resource_urn, found.message))

        stack.preview(plan=plan, on_event=take, color="never", policy_packs=["policies"])
        planned = json.loads(Path(plan).read_text())["resourcePlans"]
        # The seed of a resource is what the engine makes random names from.
        return {urn: {**ordered(one), "seed": ""} for urn, one in planned.items()}, verdicts

    cold = seen("cold.json")
    started: list[str] = []
    monkeypatch.setattr(warm, "WarmPython", recording(started))
    with stack.warm():
        assert seen("warm.json") == cold
    assert cold[1]
    assert set(started) == {PROGRAM, PACK, PROVIDER}


def ordered(value: Any) -> Any:
    """A document with its lists of text in order: the SDK gives dependencies as sets."""
    if isinstance(value, dict):
        return {name: ordered(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted(map(ordered, value), key=repr)
    return value


def test_every_module_that_is_imported_before_exists() -> None:
    """One that was renamed would only be slower, and nobody would notice."""
    assert [name for name in warm.MODULES if find_spec(name) is None] == []
