"""The Python commands of a word run in forks of one Python, and are commands as any others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from localazure.checkout import PYTHON, ROOT
from localazure.forks import Forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing runs in forks")


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    search_path = os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]])
    with closing(Forks(PYTHON, ROOT, {**os.environ, "PATH": search_path, "OWN": "mine"})) as made:
        yield made


def test_an_engine_is_told_where_its_language_host_is(forks: Forks) -> None:
    """By the one variable that the CLI reads for that."""
    assert list(forks.variables()) == ["PULUMI_DEBUG_LANGUAGES"]
    assert forks.variables()["PULUMI_DEBUG_LANGUAGES"].startswith("python:")


def test_a_command_has_its_code_its_words_and_the_environment(forks: Forks, tmp_path: Path) -> None:
    """It runs in the checkout with what the forks were given, and what they have imported is there."""
    program, told = tmp_path / "program.py", tmp_path / "told"
    program.write_text(
        "import os, pathlib, sys\n"
        "found = os.environ['OWN'], os.getcwd(), 'operate.verify' in sys.modules, sys.argv[2]\n"
        "pathlib.Path(sys.argv[1]).write_text(repr(found))\n"
        "sys.exit(7)\n"
    )
    assert forks.run([str(program), str(told), "a word"]) == 7
    assert told.read_text() == repr(("mine", str(ROOT), True, "a word"))


def test_a_module_says_what_it_says_by_itself(
    forks: Forks, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python has nothing to warn of: what was imported is none of the commands."""
    assert forks.run(["-m", "policies.configuration", "policy-config.yaml", str(tmp_path / "out")]) == 0
    assert forks.run(["-m", "operate", "verify", "--help"]) == 0
    assert "Warning" not in capfd.readouterr().err


def test_what_still_runs_ends_with_them(tmp_path: Path) -> None:
    """A word that is interrupted leaves no command behind."""
    began = tmp_path / "began"
    os.mkfifo(began)
    program = tmp_path / "program.py"
    program.write_text(
        "import os, pathlib, sys, threading\n"
        "pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "threading.Event().wait()\n"
    )
    forks = Forks(PYTHON, ROOT, os.environ)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(forks.run, [str(program), str(began)])
        pid = int(began.read_text())
        forks.close()
        assert running.result() != 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_forks_that_do_not_come_up_say_so(tmp_path: Path) -> None:
    """Whoever asks then runs the command by itself, and the engine starts its own language host."""
    forks = Forks(PYTHON, tmp_path, {**os.environ, "PYTHONPATH": ""})
    assert forks.variables() == {}
    assert forks.run(["-c", "pass"]) is None
    forks.close()
