"""Runs a command and tells what it took: time and processor time."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one command took.

    `seconds` are of the wall clock; `cpu_seconds` are its processes' together, and tell more on a machine
    that has other work.
    """

    seconds: float
    cpu_seconds: float


def cheapest(costs: Sequence[Cost]) -> Cost:
    """Of several measurements of the same command, the least of each time."""
    return Cost(min(cost.seconds for cost in costs), min(cost.cpu_seconds for cost in costs))


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Cost:
    """The cost of a command. Raises RuntimeError with its output when it fails."""
    started, children = time.perf_counter(), _children_seconds()
    done = subprocess.run(
        list(command),
        cwd=cwd,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")
    return Cost(seconds, _children_seconds() - children)


def _children_seconds() -> float:
    """Processor seconds of all ended children of this process and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
