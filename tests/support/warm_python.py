"""A Python whose imports are done, which runs commands of a language host in forks of itself: tests of many
updates take a third of the time.

Owns: forks that are processes of their own, with exactly the environment, folder and arguments that a command
asks for; all that they share is what was imported before. They end with the process that started them. Does
not own: which commands there are (warm_host.py). Linux only: elsewhere a fork of a process that has loaded
system libraries is not safe.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
_SERVER = multiprocessing.get_context("forkserver")
# pytest's own script, which is the main module of whoever starts it, imports it in each fork.
_SERVER.set_forkserver_preload(["tests.support.warm_imports", "pytest"])
_one_at_a_time = threading.Lock()
"""multiprocessing reads a fork's exit code once, whichever thread asks, also to start another one."""


class Fork:
    """A command in a fork: as much of `subprocess.Popen` as a language host uses."""

    def __init__(self, process: Any, outputs: Sequence[IO[bytes]]) -> None:
        self._process = process
        self.stdout: IO[bytes] | None = outputs[0] if outputs else None
        self.stderr: IO[bytes] | None = outputs[1] if outputs else None
        self.pid: int = process.pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with _one_at_a_time:
            code: int | None = self._process.exitcode
            return code

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end, at most `timeout` seconds; as `poll`. Raises subprocess.TimeoutExpired."""
        connection.wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("a fork", timeout or 0)
        return code


def start(command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool) -> Fork:
    """Runs `python -u SCRIPT|FOLDER|-m MODULE ARGUMENT ...` in a fork that leads a process group, and whose
    output goes where this process's goes unless it is read."""
    pipes = [_SERVER.Pipe(duplex=False) for _ in range(2 if read_output else 0)]
    given = (list(command[2:]), command[0], cwd, dict(env), [write for _, write in pipes])
    process = _SERVER.Process(target=_become, args=given, daemon=True)
    with _one_at_a_time, contextlib.chdir(ROOT):
        forkserver.ensure_running()
        process.start()
    for _, write in pipes:
        write.close()
    return Fork(process, [os.fdopen(os.dup(read.fileno()), "rb") for read, _ in pipes])


def _become(
    words: list[str], interpreter: str, cwd: str, env: dict[str, str], outputs: Sequence[Any]
) -> None:
    """Makes a fork the process that its command expects, and runs that as the interpreter would."""
    sys.executable = interpreter  # messages name it
    os.setpgid(0, 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for output, standard in zip(outputs, (1, 2), strict=False):
        os.dup2(output.fileno(), standard)
        output.close()
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(standard, "w", closefd=False), "utf-8", write_through=True)
        for standard in (1, 2)
    )
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:] = [one for one in sys.path if one.startswith((sys.prefix, sys.base_prefix))]
    _leave_repository(Path(interpreter))
    if words[0] == "-m":
        sys.path.insert(0, cwd)
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    path = Path(words[0])
    sys.path.insert(0, str(path if path.is_dir() else path.parent))
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")


def _leave_repository(interpreter: Path) -> None:
    """Where an interpreter has packages of its own: they come first, and what was imported of the repository
    is imported anew, from there or not at all. The packages of others are the same ones."""
    packages = next(interpreter.parent.parent.glob("lib/python*/site-packages"), None)
    if packages is None or packages.resolve().is_relative_to(ROOT):
        return
    sys.path.insert(0, str(packages))
    for name, module in [*sys.modules.items()]:
        file = Path(getattr(module, "__file__", None) or "/")
        if file.is_relative_to(ROOT) and not file.is_relative_to(sys.prefix) and name != "__main__":
            del sys.modules[name]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    connection.wait([parent.sentinel] if parent else [])
    os.killpg(0, signal.SIGKILL)
