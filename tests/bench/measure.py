"""Runs a command and tells what it took: time, processor time, and memory at most."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one command took.

    `seconds` are of the wall clock; `cpu_seconds` are its processes' together, and tell more on a machine
    that has other work. `peak_mib` is the most resident memory of the largest of its processes.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: int


def cheapest(costs: Sequence[Cost]) -> Cost:
    """Of several measurements of the same command, the least of each time and the most memory."""
    return Cost(
        min(cost.seconds for cost in costs),
        min(cost.cpu_seconds for cost in costs),
        max(cost.peak_mib for cost in costs),
    )


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Cost:
    """The cost of a command. Raises RuntimeError with its output when it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            list(command), cwd=cwd, env=dict(env), stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        output.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{output.read()}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def seconds_beside(folder: Path) -> float:
    """Processor seconds of every process that was started by a path in `folder` and still runs, and of those
    that it has run; 0 on a system without /proc."""
    used = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            if str(folder) in status.with_name("cmdline").read_text(errors="replace"):
                used += sum(_ticks(status))
    return used / os.sysconf("SC_CLK_TCK")


def _ticks(status: Path) -> list[int]:
    """Of a process and of its ended children, user and system each."""
    return [int(field) for field in status.read_text().rsplit(")", 1)[1].split()[11:15]]
