"""Processes that a test has begun: which there are below one, and signals that reach no other."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Every process that a process has started, and those have, whatever their sessions."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def command_line(pid: int) -> str:
    """The words of a process; empty once it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def watch(pid: int) -> int | None:
    """A handle on a process, which no other process can take over as it can take its id."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def send(watched: int, number: signal.Signals) -> None:
    """Sends a signal to a process, if it is still there."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(watched, number)
