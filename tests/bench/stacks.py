"""Many stacks of one service each through `python -m operate fleet`: what one more stack costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.measure import Cost, run
from tests.support.azure import running_azure
from tests.support.fleets import FleetCheckout

_AT_ONCE = 2
_FLEET = {"parallel": {"stacks": _AT_ONCE}, "stop": {"findings": "never"}}


def measure(folder: Path, stacks: int) -> dict[str, Any]:
    """The first preview, the first update and a preview without changes of a fleet on a local Azure."""
    names = [f"bench-{number:03}" for number in range(stacks)]
    with running_azure(folder / "home") as azure:
        fleet = FleetCheckout(folder / "language-cmk", azure.env, names, _FLEET)

        def cost(*words: str) -> Cost:
            command = [str(fleet.folder / ".venv" / "bin" / "python"), "-m", "operate", "fleet", *words]
            return run(command, cwd=fleet.folder, env=fleet.stack.env, beside=azure.home.serving())

        costs = {
            "first preview": cost("preview"),
            "first update, with refresh and proof": cost("up", "--yes"),
            "preview without changes": cost("preview"),
        }
    return {
        "what": "fleet",
        "stacks": stacks,
        "at once": _AT_ONCE,
        "costs": {name: asdict(one) for name, one in costs.items()},
    }


def told(row: Mapping[str, Any]) -> str:
    """The figures for a reader."""
    lines = [f"fleet of {row['stacks']} stacks, {row['at once']} at once, each with one service:"]
    for name, cost in row["costs"].items():
        each = {word: cost[word] / row["stacks"] for word in ("seconds", "cpu_seconds")}
        lines.append(
            f"  {name:38} {cost['seconds']:7.1f} s; a stack: {each['seconds']:5.1f} s, "
            f"{each['cpu_seconds']:5.1f} s of processor"
        )
    return "\n".join(lines)
