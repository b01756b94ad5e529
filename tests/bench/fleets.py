"""Fleets of services on the real engine: our components, the plain program and the floor, side by side.

Owns: which commands are compared. The plain program makes the same azure-native resources without our
components; the floor registers as many bare custom resources; the empty pack has one rule that asks nothing,
and so shows what any pack takes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any, Self

import yaml

from tests.bench import official_host
from tests.bench.measure import Cost, cheapest, run
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

OURS, PACK, EMPTY_PACK, PLAIN, FLOOR = "ours", "ours with pack", "ours with empty pack", "plain", "floor"
UNCHANGED = "ours with pack, unchanged"
UNCHANGED_PREVIEW, REFRESHED = "ours, unchanged preview", "ours, unchanged preview, --refresh"
UNCHANGED_FLOOR = "floor, unchanged preview"
OWN_HOST, AS_OFFICIAL = "this project's host", "as Pulumi's own host"
_PROGRAMS = Path(__file__).with_name("programs")
_MOST_REPEATED = 100
_ROUNDS = 5
"""How often a fleet up to that size is measured, in turn. The least counts: what else the machine does shows
in short times."""
_MOST_REWRITTEN = 100
"""In an update of a larger fleet the state is written once, at the end. The file:// backend rewrites it whole
twice for each resource, which takes the engine nearly all the time already at this size."""
_STATE_ONCE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


class Fleet:
    """`services` services on a local Azure; `scratch` is an empty folder for the stacks."""

    def __init__(self, azure: RunningAzure, scratch: Path, services: int) -> None:
        self._azure, self._scratch, self._services = azure, scratch, services
        self._hosts: dict[str, str] = {OWN_HOST: ""}

    def also_as_official(self) -> Self:
        """Has previews run under each of the two language hosts, in turns."""
        self._hosts[AS_OFFICIAL] = str(
            official_host.installed(self._scratch / f"host-{self._services}").parent
        )
        return self

    def previews(self) -> list[dict[str, Any]]:
        """First previews, five ways, a row for each host."""
        ours = self.ours("preview")
        planned = ours.pulumi("preview", "--json", timeout=3600)
        if not planned.ok:
            raise RuntimeError(planned.output)
        resources = len(json.loads(planned.output)["steps"])
        plain, floor = self._other("preview", PLAIN, resources), self._other("preview", FLOOR, resources)
        ways: dict[str, tuple[Stack, *tuple[str, ...]]] = {
            OURS: (ours,),
            PACK: (ours, "--policy-pack", "policies"),
            EMPTY_PACK: (ours, "--policy-pack", "nothing_pack"),
            PLAIN: (plain,),
            FLOOR: (floor,),
        }
        measured = self._in_turns(ways)
        return [self._row("preview", host, resources, costs) for host, costs in measured.items()]

    def _in_turns(self, ways: Mapping[str, tuple[Stack, *tuple[str, ...]]]) -> dict[str, dict[str, Cost]]:
        """The cheapest preview of each way, by host."""
        rounds = _ROUNDS if self._services <= _MOST_REPEATED else 1
        found: dict[str, dict[str, list[Cost]]] = {host: {name: [] for name in ways} for host in self._hosts}
        for _ in range(rounds):
            for host, (name, (stack, *words)) in product(self._hosts, ways.items()):
                found[host][name].append(self._cost(stack, "preview", *words, host=host))
        return {host: {name: cheapest(costs) for name, costs in by.items()} for host, by in found.items()}

    def updates(self) -> list[dict[str, Any]]:
        """First updates, four ways, each on an empty cloud; an update and previews that change nothing, these
        in a row for each host."""
        up, packed = ("up", "--yes", "--skip-preview"), ("--policy-pack", "policies")
        self._azure.control("/reset", {})
        costs = {OURS: self._cost(self.ours("up"), *up)}
        self._azure.control("/reset", {})
        ours = self.ours("up-pack")
        costs[PACK] = self._cost(ours, *up, *packed)
        costs[UNCHANGED] = self._cost(ours, *up, *packed)
        resources = len(ours.resources())
        unchanged = self._in_turns({UNCHANGED_PREVIEW: (ours,), REFRESHED: (ours, "--refresh")})
        for other in (PLAIN, FLOOR):
            self._azure.control("/reset", {})
            stack = self._other("up", other, resources)
            costs[other] = self._cost(stack, *up)
            if other == FLOOR:
                for host, found in self._in_turns({UNCHANGED_FLOOR: (stack,)}).items():
                    unchanged[host] |= found
        updates = self._row("up", OWN_HOST, resources, costs)
        return [
            {**updates, "state_written_once": self._services > _MOST_REWRITTEN},
            *(self._row("unchanged", host, resources, found) for host, found in unchanged.items()),
        ]

    def _stack(self, name: str, config: Mapping[str, Any]) -> Stack:
        """A stack with these settings alone, whose processes start as a user's do: each plugin by its
        executable."""
        stack = Stack(self._scratch / f"{name}-{self._services}", self._azure.env, warm=False)
        if self._services > _MOST_REWRITTEN:
            stack.env.update(_STATE_ONCE)
        stack.config_file.write_text(yaml.safe_dump({**stack.config(), "config": dict(config)}))
        return stack

    def ours(self, what: str) -> Stack:
        """A stack of our services, for previews or for updates, as `what` says."""
        config = {
            "language-cmk:location": "westeurope",
            "language-cmk:protect": False,
            "language-cmk:network": {"access": "open"},
            "language-cmk:audit": {"newWorkspace": True},
            "language-cmk:services": [{"name": f"bench-{number:03}"} for number in range(self._services)],
        }
        stack = self._stack(f"{what}-ours", config)
        shutil.copytree(_PROGRAMS / "nothing_pack", stack.folder / "nothing_pack")
        return stack

    def _other(self, what: str, program: str, resources: int) -> Stack:
        stack = self._stack(f"{what}-{program}", {})
        shutil.copy(_PROGRAMS / f"{program}.py", stack.folder / "__main__.py")
        stack.env.update(SERVICES=str(self._services), RESOURCES=str(resources))
        return stack

    def _cost(self, stack: Stack, *words: str, host: str = OWN_HOST) -> Cost:
        command = ["pulumi", *words, "--non-interactive", "--color", "never"]
        path = os.pathsep.join(filter(None, [self._hosts[host], stack.env["PATH"]]))
        return run(command, cwd=stack.folder, env={**stack.env, "PATH": path})

    def _row(self, what: str, host: str, resources: int, costs: Mapping[str, Cost]) -> dict[str, Any]:
        compared = {
            "ours/plain": (OURS, PLAIN),
            "ours/floor": (OURS, FLOOR),
            "pack/none": (PACK, OURS),
            "empty pack/none": (EMPTY_PACK, OURS),
            "pack/empty pack": (PACK, EMPTY_PACK),
            "ours/floor, unchanged": (UNCHANGED_PREVIEW, UNCHANGED_FLOOR),
        }
        ratios = {
            name: {
                "seconds": round(costs[one].seconds / costs[other].seconds, 2),
                "cpu_seconds": round(costs[one].cpu_seconds / costs[other].cpu_seconds, 2),
            }
            for name, (one, other) in compared.items()
            if one in costs and other in costs
        }
        return {
            "what": what,
            "host": host,
            "services": self._services,
            "resources": resources,
            "costs": {
                name: {**asdict(cost), "ms_a_resource": round(1000 * cost.seconds / resources, 1)}
                for name, cost in costs.items()
            },
            "ratios": ratios,
        }
