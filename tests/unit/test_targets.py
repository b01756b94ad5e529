"""The Makefile runs every folder of tests, and what it runs keeps its bytecode."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.stack import ROOT


def test_every_folder_of_tests_is_run_by_a_target() -> None:
    """Folders that hold test files; `make test` says that it is every test, but for the foreign clients."""
    makefile = (ROOT / "Makefile").read_text()
    folders = {file.relative_to(ROOT).parts[1] for file in (ROOT / "tests").rglob("test_*.py")}
    assert {name for name in folders if f"tests/{name}" not in makefile} == set()


def test_what_is_imported_is_compiled_once(tmp_path: Path) -> None:
    """Also where a container image says otherwise: every start of every program would compile it again."""
    (tmp_path / "Makefile").write_text(f"include {ROOT / 'Makefile'}\nshown:\n\t@env\n")
    done = subprocess.run(
        ["make", "shown"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "KEPT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "KEPT=1" in done.stdout
    assert "PYTHONDONTWRITEBYTECODE" not in done.stdout
