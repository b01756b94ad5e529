"""Many stacks of one service each through `python -m operate fleet`, on a local Azure with Azure's own times.

Owns: what is run, and the least time that it could take. Every long-running operation takes 30 s on the
cloud's clock, which goes with the machine's; Resource Manager throttles as documented, and azure-native polls
and tries again after the real provider's times.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.measure import Cost, busy_seconds, process_seconds, run
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import FleetCheckout

ACTIONS: Mapping[str, Sequence[str]] = {
    "preview": ("preview",),
    "up": ("up", "--yes"),
    "rotate": ("rotate", "--yes"),
    "evidence": ("evidence",),
}
OPERATION_SECONDS = 30
_NEVER = 10**9
_SAMPLE_SECONDS = 5
_READS, _WRITES = ("GET", "HEAD"), ("PUT", "PATCH", "POST")
_PROVIDER = """
import asyncio, os
from localazure.standin import serve

async def main():
    server, port = await serve("127.0.0.1:0", os.environ)
    print(port, flush=True)
    await server.wait_for_termination()

asyncio.run(main())
"""
_REAL_DELAYS = {
    "LOCALAZURE_POLL_SECONDS": "10",
    "LOCALAZURE_RETRY_SECONDS": "20",
    "LOCALAZURE_LONGEST_RETRY_SECONDS": "120",
}
"""The real provider's: localazure.standin.arm.py."""


def measure(folder: Path, stacks: int, at_once: int, actions: Sequence[str]) -> dict[str, Any]:
    """Each action over all stacks, after one alone, whose time is that of the slowest chain."""
    names = [f"bench-{number:04}" for number in range(stacks)]
    fleet_file = {
        "rings": [{"name": "alone", "match": {"stack": names[0]}}],
        "parallel": {"stacks": at_once},
        "stop": {"failures": stacks},
    }
    with running_azure(folder / "home") as azure, _provider_with_real_delays(azure) as provider:
        fleet = FleetCheckout(folder / "language-cmk", azure.env, names, fleet_file)
        azure.control("/behaviour", {"operation_seconds": OPERATION_SECONDS, "throttling": "token_bucket"})
        bench = _Bench(azure, fleet, provider, at_once)
        rows = {action: bench.measured(action) for action in actions}
        unbound = [
            one["body"]["name"]
            for one in cloud.documents(azure, "account")
            if cloud.unbound_moments(azure, one["body"]["id"])
        ]
    return {"what": "fleet", "stacks": stacks, "at once": at_once, "actions": rows, "ever unbound": unbound}


class _Bench:
    def __init__(self, azure: RunningAzure, fleet: FleetCheckout, provider: int, at_once: int) -> None:
        self._azure, self._fleet, self._provider, self._at_once = azure, fleet, provider, at_once

    def measured(self, action: str) -> dict[str, Any]:
        """What an action took of the stacks but the first, what it could have taken, and how it ended."""
        alone, others = ("--ring", "alone"), ("--ring", "rest")
        self._run(action, alone)
        chain = max(float(one["seconds"]) for one in self._outcomes(action))
        refused = len(self._azure.control("/throttled")["value"])
        servers = [self._azure.home.serving(), self._provider]
        before, busy = sum(map(process_seconds, servers)), busy_seconds()
        cost = self._run(action, others)
        # The local Azure's processes are no part of a real fleet, but they need the same processors.
        all_seconds = cost.cpu_seconds + sum(map(process_seconds, servers)) - before
        others_seconds = max(0.0, busy_seconds() - busy - all_seconds)
        outcomes = self._outcomes(action)
        calls = self._calls()
        throttled = len(self._azure.control("/throttled")["value"]) - refused
        bounds = {
            "slowest chain": chain * max(1, len(outcomes) / self._at_once),
            "budget": _budget_seconds(calls, throttled),
            "processors": all_seconds / (os.cpu_count() or 1),
        }
        return {
            "stacks": len(outcomes),
            "bad": [one["stack"] for one in outcomes if not one["ok"]],
            "cost": asdict(cost),
            "with local azure cpu_seconds": all_seconds,
            "share of other work": others_seconds / cost.seconds / (os.cpu_count() or 1),
            "calls": calls,
            "throttled": throttled,
            "bounds": bounds,
            "ratio": cost.seconds / max(bounds.values()),
        }

    def _run(self, action: str, ring: Sequence[str]) -> Cost:
        self._azure.control("/faults", method="DELETE")
        for method in (*_READS, *_WRITES, "DELETE"):
            # A fault that is never due counts what it would have struck.
            self._azure.control("/faults", {"host": "arm", "method": method, "call": _NEVER})
        python = str(self._fleet.folder / ".venv" / "bin" / "python")
        command = [python, "-m", "operate", "fleet", *ACTIONS[action], *ring]
        return run(command, cwd=self._fleet.folder, env=self._fleet.stack.env, every=_SAMPLE_SECONDS)

    def _calls(self) -> dict[str, int]:
        found = {one["method"]: int(one["calls"]) for one in self._azure.control("/faults")["value"]}
        return {
            "reads": sum(found[method] for method in _READS),
            "writes": sum(found[method] for method in _WRITES),
        }

    def _outcomes(self, action: str) -> list[dict[str, Any]]:
        return list(self._fleet.outcomes(action).values())


def _budget_seconds(calls: Mapping[str, int], throttled: int) -> float:
    """How long Resource Manager takes for so many calls of one login in a subscription, less those that it
    refused, from full buckets on. Source: Azure Resource Manager, "Understand how Azure Resource Manager
    throttles requests"."""
    reads = (calls["reads"] - throttled - 250) / 25
    writes = (calls["writes"] - throttled - 200) / 10
    return max(0.0, reads, writes)


@contextmanager
def _provider_with_real_delays(azure: RunningAzure) -> Iterator[int]:
    """Another azure-native stand-in than the local Azure's own, which waits as the real one does; the process
    that it is."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROVIDER],
        env={**azure.environ, **_REAL_DELAYS},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            azure.env["PULUMI_DEBUG_PROVIDERS"] = f"azure-native:{port}"
            yield process.pid
        finally:
            process.terminate()


def told(row: Mapping[str, Any]) -> str:
    """The figures for a reader."""
    lines = [
        f"fleet of {row['stacks']} stacks of one service, {row['at once']} at once, in one subscription:",
        f"(each long-running operation takes {OPERATION_SECONDS} s, and Resource Manager throttles)",
    ]
    for action, one in row["actions"].items():
        cost, stacks, calls, workers = one["cost"], one["stacks"], one["calls"], row["at once"]
        bounds = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in one["bounds"].items())
        each = {name: calls[name] / stacks for name in calls}
        lines.append(
            f"  {action:9}{cost['seconds']:7.0f} s, {one['ratio']:.2f} of the least ({bounds}); "
            f"{len(one['bad'])} of {stacks} stacks not as they should be"
        )
        lines.append(
            f"           a stack: {cost['cpu_seconds'] / stacks:.2f} s of processor, "
            f"{each['reads']:.0f} reads, {each['writes']:.0f} writes; "
            f"Resource Manager refused {one['throttled']} calls"
        )
        lines.append(
            f"           {cost['all_mib'] / min(stacks, workers):.0f} MiB a worker; "
            f"other work had {one['share of other work']:.0%} of this machine's processors"
        )
    lines.append(f"  accounts that were ever unbound: {', '.join(row['ever unbound']) or 'none'}")
    return "\n".join(lines)
