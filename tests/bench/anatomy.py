"""Where the time of one preview goes: each process with its start, its imports and its waits."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped]

from tests.bench.measure import name_of
from tests.support.crash import below
from tests.support.stack import ROOT, Stack

_SAMPLE_SECONDS = 0.01
_MODULES: Final[Mapping[str, str]] = {
    "program": "pulumi, settings, components.service, components.preflight.run",
    "azure-cmk": "provider.__main__, provider.served, provider.azure_client, azure.identity",
    "policy pack": "pulumi_policy, policies.analyzer",
    "language host": "hosts.language_host",
}
"""What each process of Python imports."""
_MOST_NAMED = 6


def measure(stack: Stack) -> dict[str, Any]:
    """The processes of one preview of a stack under the policy pack, in the order of their starts: seconds
    from the command's start to theirs and to their end, of the processor, and of imports by package. What is
    neither is waited. And the memory of one preview without the pack."""
    found: dict[int, dict[str, Any]] = {}
    for now, processes in _looks(stack, "--policy-pack", "policies"):
        for one in processes:
            with contextlib.suppress(psutil.Error, IndexError):  # it has ended
                row = found.setdefault(one.pid, {"starts": now})
                row |= {"name": name_of(one.cmdline()), "ends": now}
                row["cpu_seconds"] = round(sum(one.cpu_times()[:2]), 2)
    took = {name: imports(modules) for name, modules in _MODULES.items()}
    rows = [row for row in found.values() if row["cpu_seconds"] > 0.01]
    return {
        "what": "one preview of one service under the pack, by process",
        "processes": [{**row, "imports": took.get(row["name"], {})} for row in rows],
        "memory without the pack": memory(stack),
    }


def memory(stack: Stack) -> dict[str, int]:
    """MiB that all processes of a preview occupy together at most, and each of them at that moment. A page
    that several processes share counts once, in equal parts (`Pss` of Linux)."""
    most: dict[str, int] = {}
    for _, processes in _looks(stack):
        now: Counter[str] = Counter()
        for one in processes:
            with contextlib.suppress(psutil.Error, OSError, IndexError):
                rollup = Path(f"/proc/{one.pid}/smaps_rollup").read_text()
                now[name_of(one.cmdline())] += int(rollup.partition("\nPss:")[2].split()[0]) // 1024
        if now.total() > most.get("together", 0):
            most = {"together": now.total(), **now}
    return most


def _looks(stack: Stack, *more: str) -> Iterator[tuple[float, list[psutil.Process]]]:
    """Looks at the processes of a preview until it has ended, each with its time in seconds."""
    words = ["pulumi", "preview", *more, "--non-interactive", "--color", "never"]
    started = time.perf_counter()
    with subprocess.Popen(
        words, cwd=stack.folder, env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(process.pid)
                yield round(time.perf_counter() - started, 2), [root, *below(process.pid)]
            time.sleep(_SAMPLE_SECONDS)


def imports(modules: str) -> dict[str, float]:
    """Seconds that the imports of some modules take, by package, the longest first; all others together."""
    command = [str(ROOT / ".venv" / "bin" / "python"), "-X", "importtime", "-c", f"import {modules}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    took: Counter[str] = Counter()
    for micros, module in re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)", said, re.MULTILINE):
        took[_package(module)] += int(micros)
    named = took.most_common(_MOST_NAMED)
    rest = took.total() - sum(micros for _, micros in named)
    return {name: round(micros / 1e6, 3) for name, micros in (*named, ("others", rest))}


def _package(module: str) -> str:
    """A distribution's package; Python's own modules count as one."""
    words = module.split(".")
    name = ".".join(words[:2]) if words[0] in ("azure", "google") else words[0]
    return "Python" if name in sys.stdlib_module_names or name.startswith("_") else name
