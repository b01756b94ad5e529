"""Runs a command and tells how long it took and how much memory each of its processes took at most."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Cost:
    """Wall-clock seconds of one command, and the peak resident MiB of its processes by their names."""

    seconds: float
    peak_mib: Mapping[str, int]


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Cost:
    """The cost of a command. Raises RuntimeError with its output when it fails."""
    peaks: dict[str, int] = {}
    started = time.perf_counter()
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
    return Cost(seconds, peaks)


def _sample(root: int, peaks: dict[str, int], ended: threading.Event) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        for pid in _tree(root):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            except OSError:
                continue
            if not words[0]:  # it has ended, and its parent has not yet looked
                continue
            peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
            name = _name(words)
            peaks[name] = max(peaks.get(name, 0), int(peak) // 1024)


def _tree(root: int) -> list[int]:
    """A process and all below it, from /proc; nothing on a system without it."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                todo.extend(int(child) for child in task.read_text().split())
            except OSError:
                continue
    return found


def _name(words: Sequence[str]) -> str:
    """What a process is, in a reader's words."""
    line = " ".join(words)
    for part, name in (
        ("pulumi.policy", "policy pack"),
        ("language_host.py", "language host"),
        ("pulumi-language-python-exec", "program"),
        ("provider", "azure-cmk"),
    ):
        if part in line:
            return name
    return Path(words[0]).name
