"""How long a stranger waits: from a clone to the proof, with warm caches, and for a second `up`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from tests.bench.measure import run, seconds_beside
from tests.support.readme import clone, commands

GOALS = {"from a clone to the proof": 40.0, "second up": 5.0}
"""Seconds of the clock on two cores that nobody else uses. On a machine with other work the processor seconds
tell more: those of the command, and of what it left running in the clone."""


def measure(folder: Path) -> dict[str, Any]:
    """Runs the README's first command in a clone, and once more. Raises RuntimeError where one fails."""
    checkout, (up, _, down) = clone(folder / "clone"), commands("Start here")
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    seconds, cpu = {}, {}
    try:
        for name in GOALS:
            before = seconds_beside(checkout)
            cost = run(up.split(), cwd=checkout, env=environ)
            seconds[name] = cost.seconds
            cpu[name] = cost.cpu_seconds + seconds_beside(checkout) - before
    finally:
        subprocess.run(down.split(), cwd=checkout, env=environ, check=False, capture_output=True)
    return {"what": "first hour", "seconds": seconds, "cpu_seconds": cpu, "goals": GOALS}
