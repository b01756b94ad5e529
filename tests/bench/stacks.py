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


STEPS = (
    ("first preview", "preview", ()),
    ("first up", "up", ("--yes",)),
    ("unchanged preview", "preview", ()),
    ("unchanged up", "up", ("--yes",)),
)


def beside(folder: Path, stacks: int, at_once: int) -> dict[str, Any]:
    """What each step took of as many stacks of a fleet, and of others by `xargs pulumi`, in turns: each
    under the policy pack."""
    own, others = ([f"{one}{number:02}" for number in range(stacks)] for one in ("fleet", "loop"))
    rows: dict[str, dict[str, Any]] = {}
    with running_azure(folder / "home") as azure:
        fleet = FleetCheckout(
            folder / "language-cmk",
            azure.env,
            [*own, *others],
            {"stacks": ["fleet*"], "parallel": {"stacks": at_once}},
        )
        python = str(fleet.folder / ".venv" / "bin" / "python")
        listed = folder / "stacks"
        listed.write_text("\n".join(others))
        for number, (step, verb, words) in enumerate(STEPS):
            pulumi = [
                "pulumi",
                verb,
                *words,
                "--stack",
                "{}",
                "--policy-pack",
                "policies",
                "--non-interactive",
            ]
            ways = {
                "fleet": [python, "-m", "operate", "fleet", verb, *words],
                "xargs": ["xargs", "-a", str(listed), "-P", str(at_once), "-I{}", *pulumi],
            }
            order = list(ways.items())[:: -1 if number % 2 else 1]
            costs = {way: run(command, cwd=fleet.folder, env=fleet.stack.env) for way, command in order}
            rows[step] = {way: asdict(cost) for way, cost in costs.items()}
            rows[step]["fleet / xargs"] = round(costs["fleet"].cpu_seconds / costs["xargs"].cpu_seconds, 2)
    return {"what": "fleet beside xargs", "stacks": stacks, "at once": at_once, "steps": rows}
