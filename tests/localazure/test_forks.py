"""The Python commands of a word run in forks of one Python, which stays for the next word. They are commands
as any others."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from localazure import forks as module
from localazure.checkout import PYTHON, ROOT
from localazure.forks import Forks, imported
from localazure.home import Home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing runs in forks")


SERVING = (
    "import sys; from pathlib import Path; from localazure.home import Home\n"
    "held = Home(Path(sys.argv[1])).lock(); print('serving', flush=True); sys.stdin.read()"
)
WHO = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(f'{os.getppid()}')"


@contextmanager
def served(path: Path) -> Iterator[tuple[Home, subprocess.Popen[str]]]:
    """A home, and the process that serves it as far as anybody can see."""
    home = Home(path)
    home.make()
    command = [str(PYTHON), "-c", SERVING, str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "serving\n"
        yield home, process


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """In a folder with a name that is longer than a socket's may be."""
    with served(tmp_path_factory.mktemp("a" * 100) / "azure") as (made, _):
        yield made


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    search_path = os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]])
    return {**os.environ, "PATH": search_path, "OWN": "mine"}


@pytest.fixture
def forks(home: Home, environ: dict[str, str]) -> Iterator[Forks]:
    with closing(Forks(home, PYTHON, ROOT, environ)) as made:
        yield made


def python_of(forks: Forks, folder: Path) -> int:
    """The process whose forks these are."""
    (folder / "who.py").write_text(WHO)
    assert forks.run([str(folder / "who.py"), str(folder / "who")]) == 0
    return int((folder / "who").read_text())


def test_an_engine_is_told_where_its_language_host_is(forks: Forks) -> None:
    """By the one variable that the CLI reads for that."""
    assert list(forks.variables()) == ["PULUMI_DEBUG_LANGUAGES"]
    assert forks.variables()["PULUMI_DEBUG_LANGUAGES"].startswith("python:")


def test_pulumis_own_language_host_is_preferred(home: Home, environ: dict[str, str], tmp_path: Path) -> None:
    """The engine starts that one, as on a subscription; the commands of a word are forks all the same."""
    official = tmp_path / "pulumi-language-python"
    official.write_bytes(b"\x7fELF")
    official.chmod(0o755)
    found = {**environ, "PATH": os.pathsep.join([str(tmp_path), environ["PATH"]])}
    with closing(Forks(home, PYTHON, ROOT, found)) as forks:
        assert forks.variables() == {}
        assert python_of(forks, tmp_path)


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


def test_the_next_word_uses_the_same_python(home: Home, environ: dict[str, str], tmp_path: Path) -> None:
    """Its imports are done: they are most of what a word takes."""
    found = set()
    for shell in ({"SHLVL": "2", "_": "/usr/bin/make"}, {"SHLVL": "1"}):
        with closing(Forks(home, PYTHON, ROOT, {**environ, **shell})) as forks:
            found.add(python_of(forks, tmp_path))
    assert len(found) == 1


@pytest.mark.parametrize("changed", ["code", "environment"])
def test_what_was_imported_otherwise_is_not_used(
    changed: str, home: Home, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another Python takes its place; a word that the other one runs goes on to its end, and so does it."""
    began = tmp_path / "began"
    os.mkfifo(began)
    program = tmp_path / "program.py"
    program.write_text(f"open({str(began)!r}).read()")
    with closing(Forks(home, PYTHON, ROOT, environ)) as before, ThreadPoolExecutor(1) as pool:
        first = python_of(before, tmp_path)
        running = pool.submit(before.run, [str(program)])
        with began.open("w"):
            if changed == "code":
                monkeypatch.setattr(module, "imported", lambda *_: "other code")
            more = {"MORE": "1"} if changed == "environment" else {}
            with closing(Forks(home, PYTHON, ROOT, {**environ, **more})) as after:
                assert python_of(after, tmp_path) != first
        assert running.result() == 0


def test_what_an_import_finds_is_told_apart(tmp_path: Path) -> None:
    """A file of the code that changes, comes or goes; an installed package; another checkout; a variable. Not
    settings, which no import reads."""
    installed = tmp_path / ".venv" / "lib" / "python3" / "site-packages"
    for folder in (tmp_path / "policies" / "rules", installed):
        folder.mkdir(parents=True)
    found = [imported(tmp_path, {})]
    (tmp_path / "policies" / "rules" / "one.py").write_text("level = 1")
    found.append(imported(tmp_path, {}))
    (tmp_path / "policies" / "rules" / "one.py").write_text("level = 2")
    found.append(imported(tmp_path, {}))
    os.utime(installed, (1, 1))
    found += [imported(tmp_path, {}), imported(tmp_path, {"ARM_TENANT_ID": "mine"}), imported(ROOT, {})]
    assert len(set(found)) == len(found)
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}")
    assert imported(tmp_path, {}) == found[3]


def test_they_end_with_the_local_azure(environ: dict[str, str], tmp_path: Path) -> None:
    """Also where that is killed: nothing is left behind."""
    with served(tmp_path / "azure") as (home, process):
        with closing(Forks(home, PYTHON, ROOT, environ)) as forks:
            warm = os.pidfd_open(python_of(forks, tmp_path))
        process.kill()
    assert select.select([warm], [], [], 30)[0]
    os.close(warm)


def test_a_python_that_was_killed_is_replaced(home: Home, environ: dict[str, str], tmp_path: Path) -> None:
    """As by a machine that is short of memory: the word goes on without it, and the next has another."""
    with closing(Forks(home, PYTHON, ROOT, environ)) as forks:
        killed = python_of(forks, tmp_path)
        os.kill(killed, signal.SIGKILL)
        assert forks.run([str(tmp_path / "who.py"), str(tmp_path / "who")]) is None
    with closing(Forks(home, PYTHON, ROOT, environ)) as forks:
        assert python_of(forks, tmp_path) != killed


def test_what_still_runs_ends_with_them(home: Home, environ: dict[str, str], tmp_path: Path) -> None:
    """A word that is interrupted leaves no command behind."""
    began = tmp_path / "began"
    os.mkfifo(began)
    program = tmp_path / "program.py"
    program.write_text(
        "import os, pathlib, sys, threading\n"
        "pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "threading.Event().wait()\n"
    )
    forks = Forks(home, PYTHON, ROOT, environ)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(forks.run, [str(program), str(began)])
        pid = int(began.read_text())
        forks.close()
        assert running.result() != 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_forks_that_do_not_come_up_say_so(home: Home, tmp_path: Path) -> None:
    """Whoever asks then runs the command by itself, and the engine starts its own language host."""
    forks = Forks(home, PYTHON, tmp_path, {**os.environ, "PYTHONPATH": ""})
    assert forks.variables() == {}
    assert forks.run(["-c", "pass"]) is None
    forks.close()
