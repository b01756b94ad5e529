"""Commands in forks of a Python whose imports are done are processes as any others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from engine import language_host
from tests.support import warm_host, warm_python
from tests.support.warm_python import start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere forks are not safe")
TELL = "import json, os, sys; print(json.dumps({**dict(os.environ), 'argv': sys.argv, 'cwd': os.getcwd()}))"


def said(*words: str, cwd: Path, **env: str) -> tuple[bytes, bytes, int]:
    """What a command wrote to both streams, and its exit code."""
    child = start([sys.executable, "-u", *words], cwd=str(cwd), env=env, read_output=True)
    assert child.stdout
    assert child.stderr
    return child.stdout.read(), child.stderr.read(), child.wait()


def written(folder: Path, code: str) -> Path:
    """A script of its own folder, which is a program as Pulumi's are."""
    folder.mkdir()
    (folder / "__main__.py").write_text(code)
    return folder


def test_a_command_has_its_own_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a variable of who started the Python nor one of another command: no login can get there."""
    monkeypatch.setenv("ARM_CLIENT_SECRET", "of this process")
    program = str(written(tmp_path / "program", TELL))
    for name in ("one", "other"):
        found: dict[str, Any] = json.loads(said(program, "a", cwd=tmp_path, ONLY=name)[0])
        assert found == {"ONLY": name, "argv": [program, "a"], "cwd": str(tmp_path)}


def test_what_a_command_changes_stays_there(tmp_path: Path) -> None:
    """Also in modules that were imported before it: they are there at once, and as they were."""
    program = written(
        tmp_path / "program",
        "import sys; found = sys.modules['settings']; print(hasattr(found, 'mine')); found.mine = 1",
    )
    for _ in range(2):
        assert said(str(program), cwd=tmp_path) == (b"False\n", b"", 0)


def test_a_command_runs_as_the_interpreter_would_run_it(tmp_path: Path) -> None:
    """A folder and a module; imports from its folder, its exit code, its traceback, and its end."""
    folder = written(tmp_path / "program", "import beside; raise SystemExit(beside.CODE)")
    (folder / "beside.py").write_text("CODE = 32")
    (folder / "runner.py").write_text("import runpy; runpy.run_path('__main__.py')")
    for words in ((str(folder),), ("-m", "runner")):
        assert said(*words, cwd=folder)[2] == 32
    failing = written(tmp_path / "failing", "raise ValueError('refused')")
    _, errors, code = said(str(failing), cwd=tmp_path)
    assert (errors.splitlines()[-1], code) == (b"ValueError: refused", 1)
    waiting = [sys.executable, "-u", str(written(tmp_path / "waiting", WAIT))]
    child = start(waiting, cwd=str(tmp_path), env={}, read_output=True)
    assert child.stdout
    assert int(child.stdout.readline()) == child.pid == os.getpgid(child.pid)
    language_host.end(child)  # type: ignore[arg-type]
    assert child.wait() == -signal.SIGTERM


WAIT = "import os, signal; print(os.getpid(), flush=True); signal.pause()"


def test_every_command_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Also when that is killed: nothing goes on creating what nobody records."""
    program = written(tmp_path / "program", WAIT)
    starter = (
        "import sys; from tests.support.warm_python import start\n"
        f"command = [sys.executable, '-u', {str(program)!r}]\n"
        "child = start(command, cwd='/', env={}, read_output=False)\n"
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
