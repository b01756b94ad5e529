"""Runs a command and tells what it took: time, processor time, and each process's memory at most."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.crash import below

_SAMPLE_SECONDS = 0.05
_SMALL_MIB = 5
"""A process that never had more is a shell on the way to another."""


@dataclass(frozen=True)
class Cost:
    """What one command took.

    `seconds` are of the wall clock; `cpu_seconds` are its processes' together, and tell more on a machine
    that has other work. `peak_mib` is the most resident memory of each process by its name.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: Mapping[str, int]


def cheapest(costs: Sequence[Cost]) -> Cost:
    """Of several measurements of the same command, the least of each time and the most of each memory."""
    names = {name for cost in costs for name in cost.peak_mib}
    return Cost(
        min(cost.seconds for cost in costs),
        min(cost.cpu_seconds for cost in costs),
        {name: max(cost.peak_mib.get(name, 0) for cost in costs) for name in names},
    )


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Cost:
    """The cost of a command. Raises RuntimeError with its output when it fails."""
    peaks: dict[str, int] = {}
    started, children = time.perf_counter(), children_seconds()
    with subprocess.Popen(
        list(command), cwd=cwd, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        ended = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, peaks, ended), daemon=True)
        sampler.start()
        output = process.communicate()[0]
        seconds = time.perf_counter() - started
        ended.set()
        sampler.join()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return Cost(seconds, children_seconds() - children, peaks)


def children_seconds() -> float:
    """Processor seconds of all ended children of this process and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def _sample(root: int, peaks: dict[str, int], ended: threading.Event) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        for pid in (root, *(one.pid for one in below(root))):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            except OSError:
                continue
            if not words[0]:  # it has ended, and its parent has not yet looked
                continue
            peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
            name, mib = _name(words), int(peak) // 1024
            if mib > _SMALL_MIB:
                peaks[name] = max(peaks.get(name, 0), mib)


def _name(words: Sequence[str]) -> str:
    """What a process is, in a reader's words."""
    line = " ".join(words)
    for part, name in (
        ("pulumi.policy", "policy pack"),
        ("language_host.py", "language host"),
        ("pulumi-language-python-exec", "program"),
        ("/provider", "azure-cmk"),
    ):
        if part in line:
            return name
    return Path(words[0]).name
