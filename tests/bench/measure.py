"""Runs a command and tells what it took: time, processor time, and each process's memory at most."""

from __future__ import annotations

import contextlib
import re
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

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


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], check: bool = True) -> Cost:
    """The cost of a command that finds and leaves compiled modules, as on most machines. Raises RuntimeError
    with its output when it fails, unless it may (`check`)."""
    env = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    peaks: dict[str, int] = {}
    started, children = time.perf_counter(), children_seconds()
    with subprocess.Popen(
        list(command), cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        ended = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, peaks, ended), daemon=True)
        sampler.start()
        output = process.communicate()[0]
        seconds = time.perf_counter() - started
        ended.set()
        sampler.join()
    if check and process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return Cost(seconds, children_seconds() - children, peaks)


def children_seconds() -> float:
    """Processor seconds of all ended children of this process and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_beside(folder: Path) -> float:
    """Processor seconds of every process that was started by a path in `folder` and still runs, and of those
    that it has run."""
    used = 0.0
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it has ended
            if str(folder) in " ".join(one.cmdline()):
                used += sum(one.cpu_times()[:4])
    return used


def _sample(root: int, peaks: dict[str, int], ended: threading.Event) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        for pid in (root, *(one.pid for one in below(root))):
            with contextlib.suppress(OSError, psutil.Error):  # it has ended
                words, status = psutil.Process(pid).cmdline(), Path(f"/proc/{pid}/status").read_text()
                peak = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
                if words and peak and (mib := int(peak[1]) // 1024) > _SMALL_MIB:
                    peaks[name_of(words)] = max(peaks.get(name_of(words), 0), mib)


def name_of(words: Sequence[str]) -> str:
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
