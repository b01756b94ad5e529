"""Updates of more services than the SDK has threads come to their end: a registration holds a thread until
the engine has made its resource, and the engine waits for our hooks, which look at an account before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.continuity.consumers import consumer
from tests.support.azure import RunningAzure
from tests.support.stack import Stack, done

pytestmark = pytest.mark.engine

LIMIT_SECONDS = 300.0
"""Many times what either takes on a busy machine: without an end, it is a hang."""
UP = ("up", "--yes", "--skip-preview")
AS_ON_TWO_PROCESSORS = ("--parallel", "8")
"""So that a larger machine, whose engine makes more at once, tests the same."""
PROGRAMS = Path(__file__).with_name("programs")
SETTINGS = {"location": "westeurope", "network": {"access": "open"}, "audit": {"newWorkspace": False}}


def comes_to_its_end(stack: Stack, declare: Callable[[Mapping[str, Any]], object], services: int) -> None:
    """A first update of so many services, and another one that writes each account."""
    # The state is written once: what is tested here loses nothing by it.
    stack.env |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    for owner, what in (("a", "created"), ("b", "updated")):
        declare({**SETTINGS, "tags": {"owner": owner}})
        run = done(stack.pulumi(*UP, *AS_ON_TWO_PROCESSORS, timeout=LIMIT_SECONDS))
        assert f" {what}" in run.output
    accounts = [one for one in stack.resources() if one["type"].endswith(":cognitiveservices:Account")]
    assert [one["outputs"]["tags"]["owner"] for one in accounts] == ["b"] * services
    # A third of the state otherwise (components/sdk/private.py).
    assert [one["urn"] for one in accounts if "stackTrace" in one or "sourcePosition" in one] == []


def test_forty_services_of_the_program(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """More registrations than the 32 threads that Pulumi's host gives a program."""
    stack = Stack(tmp_path / "checkout", empty_azure.env, policy_pack=False)

    def declare(settings: Mapping[str, Any]) -> None:
        config = {f"language-cmk:{name}": value for name, value in {**settings, "protect": False}.items()}
        config["language-cmk:services"] = [{"name": f"claims-{number}"} for number in range(40)]
        stack.config_file.write_text(yaml.safe_dump({**stack.config(), "config": config}))

    comes_to_its_end(stack, declare, 40)


def test_ten_services_of_the_package(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """More registrations than the threads that asyncio gives the package."""
    caller = consumer("package", empty_azure, tmp_path)
    shutil.copy(PROGRAMS / "many.py", caller.stack.folder / "__main__.py")
    comes_to_its_end(caller.stack, lambda settings: caller.say(**settings), 10)
