"""The Makefile runs every test by one of its targets, and what it runs keeps its bytecode."""

import os
import re
import shlex
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.support.stack import ROOT


def test_every_test_is_run_by_a_target() -> None:
    """`make test` runs all but the long ones, `make test-long` those, `make clients` what both leave out."""
    everyday, long, clients = (_pytest_words(target) for target in ("test", "test-long", "clients"))
    assert everyday[everyday.index("-m") + 1] == "not long"
    assert long[long.index("-m") + 1] == "long"
    folders = [[word for word in words if word.startswith("tests")] for words in (everyday, long, clients)]
    assert folders[0] == folders[1] == ["tests", *folders[2]]
    assert everyday.count("--ignore") == long.count("--ignore") == len(folders[2])


def _pytest_words(target: str) -> list[str]:
    """The command line by which a target starts pytest."""
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if "-m pytest" in line)
    return shlex.split(line.partition("-m pytest")[2])


def test_a_target_runs_modules_that_exist() -> None:
    """One that is renamed or removed ends a target that nobody runs every day."""
    named = set(re.findall(r"\$\(PY\) -m ([\w.]+)", (ROOT / "Makefile").read_text()))
    assert "tests.bench" in named
    assert {name for name in named if find_spec(name) is None} == set()


def test_what_is_imported_is_compiled_once(tmp_path: Path) -> None:
    """Also where a container image says otherwise: every start of every program would compile it again."""
    (tmp_path / "Makefile").write_text(f"include {ROOT / 'Makefile'}\nshown:\n\t@env\n")
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "KEPT": "1"}
    done = subprocess.run(
        ["make", "shown"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert "KEPT=1" in done.stdout
    assert "PYTHONDONTWRITEBYTECODE" not in done.stdout
