"""How long a stranger waits: from a clone to the proof, with warm caches, and for a second `up`."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.support.readme import clone, commands

GOALS = {"from a clone to the proof": 40.0, "second up": 5.0}
"""Seconds of the clock on two cores that nobody else uses."""


def measure(folder: Path) -> dict[str, Any]:
    """Runs the README's first command in a clone, and once more. Raises CalledProcessError where one
    fails."""
    checkout, (up, _, down) = clone(folder / "clone"), commands("Start here")
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    seconds = {}
    try:
        for name in GOALS:
            begun = time.perf_counter()
            subprocess.run(up.split(), cwd=checkout, env=environ, check=True, capture_output=True)
            seconds[name] = time.perf_counter() - begun
    finally:
        subprocess.run(down.split(), cwd=checkout, env=environ, check=False, capture_output=True)
    return {"what": "first hour", "seconds": seconds, "goals": GOALS}


def told(row: dict[str, Any]) -> str:
    """A line for each figure, with its goal."""
    return "\n".join(
        f"{name}: {seconds:.1f} s (goal: at most {GOALS[name]:.0f} s)"
        for name, seconds in row["seconds"].items()
    )
