"""The processes a language host has started, and how they are ended."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Protocol

_GRACE_SECONDS = 5


class Process(Protocol):
    """As much of `subprocess.Popen` as is used of a child."""

    pid: int
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...


class Start(Protocol):
    """Starts a command that leads a process group. Raises OSError when it cannot be started."""

    def __call__(
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool
    ) -> Process: ...


def anew(command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool) -> Process:
    """A new process, as any."""
    output = subprocess.PIPE if read_output else None
    return subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


class Children:
    """Running child processes, each leading a process group of its own so that its children end too."""

    def __init__(self, start: Start = anew) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._running: set[Process] = set()
        self._ending = False

    @contextmanager
    def run(
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool
    ) -> Iterator[Process]:
        """Runs a command for as long as the block lasts, and ends it when the block is left early.

        With `read_output` the caller reads both pipes; else the output goes where this process's goes.
        Raises RuntimeError once `end_all` was called, OSError when the command cannot be started.
        """
        with self._lock:
            if self._ending:
                raise RuntimeError("the language host is being stopped")
            child = self._start(command, cwd=cwd, env=env, read_output=read_output)
            self._running.add(child)
        try:
            yield child
        finally:
            _end(child)
            with self._lock:
                self._running.discard(child)

    def end_all(self) -> None:
        """Ends every child, and refuses to start another."""
        with self._lock:
            self._ending = True
            running = list(self._running)
        for child in running:
            _end(child)


def _end(child: Process) -> None:
    if child.poll() is not None:
        return
    _signal(child, signal.SIGTERM)
    try:
        child.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()


def _signal(child: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
