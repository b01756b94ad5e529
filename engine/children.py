"""The processes a language host has started, and how they are ended."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

_GRACE_SECONDS = 5


class Children:
    """Running child processes, each leading a process group of its own so that its children end too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ending = False

    @contextmanager
    def run(
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool
    ) -> Iterator[subprocess.Popen[bytes]]:
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

    def _start(
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool
    ) -> subprocess.Popen[bytes]:
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

    def end_all(self) -> None:
        """Ends every child, and refuses to start another."""
        with self._lock:
            self._ending = True
            running = list(self._running)
        for child in running:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    _signal(child, signal.SIGTERM)
    try:
        child.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
