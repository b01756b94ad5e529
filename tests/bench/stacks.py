"""Many stacks of one service each through `python -m operate fleet`, on a local Azure that throttles, and
whose operations take as long as Azure's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.measure import run
from tests.support import cloud
from tests.support.azure import running_azure
from tests.support.fleets import FleetCheckout

ACTIONS: Mapping[str, Sequence[str]] = {
    "preview": ("preview",),
    "up": ("up", "--yes"),
    "rotate": ("rotate", "--yes"),
}
OPERATION_SECONDS = 30


def measure(folder: Path, stacks: int, at_once: int, actions: Sequence[str]) -> dict[str, Any]:
    """What each action took over all stacks, and which stacks are not as they should be afterwards."""
    names = [f"bench-{number:04}" for number in range(stacks)]
    fleet_file = {"parallel": {"stacks": at_once}, "stop": {"failures": stacks}}
    rows = {}
    with running_azure(
        folder / "home", operation_seconds=OPERATION_SECONDS, throttling="token_bucket"
    ) as azure:
        fleet = FleetCheckout(folder / "language-cmk", azure.env, names, fleet_file)
        python = str(fleet.folder / ".venv" / "bin" / "python")
        for action in actions:
            words = [python, "-m", "operate", "fleet", *ACTIONS[action]]
            cost = run(words, cwd=fleet.folder, env=fleet.stack.env)
            bad = [name for name, one in fleet.outcomes(action).items() if not one["ok"]]
            rows[action] = {"cost": asdict(cost), "bad": bad}
        unbound = [
            one["body"]["name"]
            for one in cloud.documents(azure, "account")
            if cloud.unbound_moments(azure, one["body"]["id"])
        ]
    return {"what": "fleet", "stacks": stacks, "at once": at_once, "actions": rows, "ever unbound": unbound}
