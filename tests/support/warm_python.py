"""A Python whose imports are done, which runs commands of a language host in forks of itself: tests of many
updates take a third of the time.

Owns: forks that are processes of their own, with exactly the environment, folder and arguments that a command
asks for; all that they share is what was imported before. Does not own: which commands there are
(warm_host.py). Linux only: elsewhere a fork of a process that has loaded system libraries is not safe.
Standard library only.

    python -u warm_python.py DESCRIPTOR MODULE ...    imports the modules, then serves a socket it inherited
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_NUMBER = struct.Struct("q")
_SLICE_SECONDS = 0.5


class Fork:
    """A command in a fork: as much of `subprocess.Popen` as a language host uses."""

    def __init__(self, answers: socket.socket, outputs: Sequence[IO[bytes]]) -> None:
        self._answers = answers
        self._reading = threading.Lock()
        self._code: int | None = None
        self.stdout: IO[bytes] | None = outputs[0] if outputs else None
        self.stderr: IO[bytes] | None = outputs[1] if outputs else None
        self.pid = self._number()
        if not self.pid:
            raise OSError("the warm Python is gone")

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with self._reading:
            if self._code is None and select.select([self._answers], [], [], 0)[0]:
                # Its server ends with all of its forks.
                self._code = self._number() if self._received(1, socket.MSG_PEEK) else -signal.SIGKILL
                self._answers.close()
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end, at most `timeout` seconds; as `poll`. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = _SLICE_SECONDS if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired("a fork", timeout or 0)
            # Another thread that reads the code closes the socket, which wakes nobody here.
            with contextlib.suppress(ValueError, OSError):
                select.select([self._answers], [], [], min(left, _SLICE_SECONDS))
        return code

    def terminate(self) -> None:
        """Asks it to end."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def _number(self) -> int:
        message = self._received(_NUMBER.size, socket.MSG_WAITALL)
        return int(_NUMBER.unpack(message)[0]) if message else 0

    def _received(self, size: int, how: int) -> bytes:
        """What the server says; nothing where it is gone, also before the fork has read its command."""
        with contextlib.suppress(ConnectionResetError):
            return self._answers.recv(size, how)
        return b""


class WarmPython:
    """A Python of this interpreter that has imported `modules` in `folder`; ended by `close`, or with the
    process that made it.

    What cannot be imported is left out: a command that needs it fails as it would anyway.
    """

    def __init__(self, modules: Sequence[str], folder: Path) -> None:
        self._control, theirs = socket.socketpair()
        self._sending = threading.Lock()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-u", __file__, str(theirs.fileno()), *modules],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def close(self) -> None:
        """Ends it, and every fork that is left."""
        self._control.close()
        self._server.wait()

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        read_output: bool,
    ) -> Fork:
        """Runs `python -u SCRIPT|FOLDER|-m MODULE ARGUMENT ...` in a fork that leads a process group, and
        whose output goes where this process's goes unless it is read.

        Raises OSError when the warm Python is gone.
        """
        answers, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(2 if read_output else 0)]
        try:
            with self._sending:
                written = [write for _, write in pipes] or [1, 2]
                socket.send_fds(self._control, [b"."], [theirs.fileno(), *written])
        finally:
            theirs.close()
            for _, write in pipes:
                os.close(write)
        answers.sendall(json.dumps({"words": command[2:], "cwd": cwd, "env": dict(env)}).encode() + b"\n")
        return Fork(answers, [os.fdopen(read, "rb") for read, _ in pipes])


def _serve(control: socket.socket) -> dict[str, Any] | None:
    """Forks for each request. Returns in each fork, with its command; and None when all is over."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    running: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == woken:
                    os.read(woken, 1024)
                    _reap(running)
                    continue
                _, descriptors, _, _ = socket.recv_fds(control, 1, 3)
                if not descriptors:
                    for pid in running:
                        os.killpg(pid, signal.SIGKILL)
                    return None
                answer, *outputs = descriptors
                if pid := os.fork():
                    for output in outputs:
                        os.close(output)
                    # Here as well as there: whoever knows the process id can end the group.
                    os.setpgid(pid, pid)
                    running[pid] = socket.socket(fileno=answer)
                    _tell(running[pid], pid)
                    continue
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in running.values():
                    other.close()
                os.close(woken)
                os.close(wake)
                return _become(socket.socket(fileno=answer), outputs)


def _reap(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as answer:
            _tell(answer, os.waitstatus_to_exitcode(status))


def _tell(answer: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        answer.sendall(_NUMBER.pack(number))


def _become(request: socket.socket, outputs: Sequence[int]) -> dict[str, Any]:
    """Makes a fork the process that its command expects; the command."""
    os.setpgid(0, 0)
    for output, standard in zip(outputs, (1, 2), strict=True):
        os.dup2(output, standard)
        os.close(output)
    with request, request.makefile("rb") as lines:
        found: dict[str, Any] = json.loads(lines.readline())
    os.chdir(found["cwd"])
    os.environ.clear()
    os.environ.update(found["env"])
    return found


def _run(words: Sequence[str]) -> None:
    """Runs a command as the interpreter's own command line does."""
    if words[0] == "-m":
        sys.path[0], sys.argv = str(Path.cwd()), list(words[1:])
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    path = Path(words[0])
    sys.path[0], sys.argv = str(path if path.is_dir() else path.parent), list(words)
    runpy.run_path(words[0], run_name="__main__")


def main() -> None:
    """Imports, serves, and is the command in each fork."""
    sys.path[0] = str(Path.cwd())
    for module in sys.argv[2:]:
        with contextlib.suppress(ImportError):
            # A module of a Pulumi SDK is loaded by the first attribute that is asked for. `dir` asks for none
            # (pulumi 3.259, pulumi/_utils.py `_INTROSPECTION_ATTRS`).
            getattr(importlib.import_module(module), "__all__", None)
    # Forks share the memory of what is never collected.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        found = _serve(control)
    if found:
        _run(found["words"])


if __name__ == "__main__":
    main()
