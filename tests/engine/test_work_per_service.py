"""How much the engine, the providers and Azure are asked for each service: counted, for time depends on the
machine. `make bench` measures the time; docs/speed.md has the figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.support.azure import RunningAzure
from tests.support.stack import Stack, done

pytestmark = pytest.mark.engine

Asked = Mapping[str, Counter[str]]
_REGISTERED = {"RegisterResource": 11, "RegisterResourceOutputs": 1, "RegisterResourceHook": 1, "Check": 10}
MOST: Mapping[str, Mapping[str, int]] = {
    # The hook that looks at what is about to be sent for the account is an Invoke of its own.
    # Whether its names are free (its group, its vault and its account), and what policies say of its account;
    # everything else is asked once for all services.
    "new": {**_REGISTERED, "Create": 10, "Invoke": 1, "arm": 4},
    # What is waited for is asked about again, so that Azure's calls differ a little from run to run. The
    # account is read immediately before it is written, and after; each call of a function shows twice.
    "update": {**_REGISTERED, "Create": 10, "RegisterErrorHook": 3, "Invoke": 4, "arm": 50},
    # A refresh before every update reads and compares each resource. What is not in the state, the survey
    # asks for: the account as it is, its vault and its key; the engine passes a function on, so that each
    # shows twice.
    "unchanged": {**_REGISTERED, "Read": 10, "Diff": 20, "Invoke": 8, "arm": 14},
}
"""The calls by method that one more service may cost; of a method that is not named, none."""


def asked(azure: RunningAzure, folder: Path, services: int) -> Asked:
    """Calls by method in a first preview, a first update and a preview that changes nothing."""
    azure.control("/reset", {})
    stack = Stack(folder / f"fleet-{services}", azure.env)
    document = stack.config()
    document["config"] = {
        "language-cmk:location": "westeurope",
        "language-cmk:protect": False,
        "language-cmk:network": {"access": "open"},
        "language-cmk:services": [{"name": f"fleet-{number}"} for number in range(services)],
    }
    stack.config_file.write_text(yaml.safe_dump(document))
    commands = {
        "new": ("preview",),
        "update": ("up", "--yes", "--skip-preview"),
        "unchanged": ("preview", "--expect-no-changes"),
    }
    return {what: counted(azure, stack, *words) for what, words in commands.items()}


def counted(azure: RunningAzure, stack: Stack, *words: str) -> Counter[str]:
    """The engine's calls and its programs' by method, and those to Azure Resource Manager as `arm`."""
    arm_calls = azure.count_arm_calls()
    log = stack.folder / "grpc.json"
    log.unlink(missing_ok=True)
    stack.env["PULUMI_DEBUG_GRPC"] = str(log)
    done(stack.pulumi(*words))
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    found = Counter(call["method"].rsplit("/", 1)[-1] for call in calls if call.get("response") is not None)
    found["arm"] = arm_calls()
    return found


@pytest.fixture(scope="module")
def fleets(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Asked]:
    """What fleets of one and of three services ask for."""
    folder = tmp_path_factory.mktemp("fleets")
    return {services: asked(azure, folder, services) for services in (1, 3)}


@pytest.mark.parametrize("what", MOST)
def test_one_more_service_costs_a_known_number_of_calls(fleets: Mapping[int, Asked], what: str) -> None:
    """What takes more calls for each service takes more time: whoever means it says so in this table."""
    one, three = fleets[1][what], fleets[3][what]
    costs = {name: (three[name] - one[name]) / 2 for name in three}
    assert {name: cost for name, cost in costs.items() if cost > MOST[what].get(name, 0)} == {}
