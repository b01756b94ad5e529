"""Commands in forks of a Python whose imports are done are processes as any others."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support import warm_host, warm_python
from tests.support.warm_python import Fork, WarmPython

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere forks are not safe")
TELL = "import json, os, sys; print(json.dumps({**dict(os.environ), 'argv': sys.argv, 'cwd': os.getcwd()}))"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmPython]:
    """One that has imported a module of its folder, and passed over one that is not there."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "imported.py").write_text("value = ['as it was']")
    with contextlib.closing(WarmPython(["imported", "missing"], folder)) as made:
        yield made


def said(python: WarmPython, *words: str, cwd: Path, **env: str) -> tuple[bytes, bytes, int]:
    """What a command wrote to both streams, and its exit code."""
    command = [sys.executable, "-u", *words]
    child = python.start(command, cwd=str(cwd), env=env, read_output=True)
    assert child.stdout
    assert child.stderr
    return child.stdout.read(), child.stderr.read(), child.wait()


def written(folder: Path, code: str) -> Path:
    """A script of its own folder, which is a program as Pulumi's are."""
    folder.mkdir()
    (folder / "__main__.py").write_text(code)
    return folder


def test_a_command_has_its_own_environment_alone(
    python: WarmPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a variable of who started the Python nor one of another command: no login can get there."""
    monkeypatch.setenv("ARM_CLIENT_SECRET", "of this process")
    program = str(written(tmp_path / "program", TELL))
    for name in ("one", "other"):
        found: dict[str, Any] = json.loads(said(python, program, "a", cwd=tmp_path, ONLY=name)[0])
        assert found == {"ONLY": name, "argv": [program, "a"], "cwd": str(tmp_path)}


def test_what_a_command_changes_stays_there(python: WarmPython, tmp_path: Path) -> None:
    """Also in modules that were imported before it: they are there at once, and as they were."""
    program = written(
        tmp_path / "program",
        "import sys; found = sys.modules['imported']; print(found.value[0]); found.value[0] = 'changed'",
    )
    for _ in range(2):
        assert said(python, str(program), cwd=tmp_path) == (b"as it was\n", b"", 0)


WAIT = "import os, signal; print(os.getpid(), flush=True); signal.pause()"


def test_every_command_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Also when that is killed: nothing goes on creating what nobody records."""
    program = written(tmp_path / "program", WAIT)
    starter = (
        "import sys, pathlib; from tests.support.warm_python import Fork, WarmPython\n"
        f"python = WarmPython([], pathlib.Path({str(tmp_path)!r}))\n"
        f"command = [sys.executable, '-u', {str(program)!r}]\n"
        "child = python.start(command, cwd='/', env={}, read_output=False)\n"
        "child.wait()"
    )
    root = Path(warm_python.__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", starter], cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        process.kill()
        # The end of the pipe comes once nobody is left who could write into it; else this waits for ever.
        assert process.stdout.read() == b""


def test_every_module_that_is_imported_before_exists() -> None:
    """One that was renamed would only be slower, and nobody would notice."""
    assert [name for name in warm_host.MODULES if find_spec(name) is None] == []


def test_who_waits_for_a_fork_is_woken_by_another_threads_reading_of_its_end() -> None:
    """The other thread closes the socket, on which nobody may go on waiting."""
    ours, theirs = socket.socketpair()
    theirs.sendall(struct.pack("q", 4711))
    fork = Fork(ours, [])
    waiting = ThreadPoolExecutor(1).submit(fork.wait)
    while not waiting.running():
        time.sleep(0)
    with fork._reading:
        fork._code = 0
        fork._answers.close()
    assert waiting.result(timeout=10) == 0
