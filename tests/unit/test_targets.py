"""The Makefile runs every folder of tests."""

from __future__ import annotations

from tests.support.stack import ROOT


def test_every_folder_of_tests_is_run_by_a_target() -> None:
    """Folders that hold test files; `make test` says that it is every test, but for the foreign clients."""
    makefile = (ROOT / "Makefile").read_text()
    folders = {file.relative_to(ROOT).parts[1] for file in (ROOT / "tests").rglob("test_*.py")}
    assert {name for name in folders if f"tests/{name}" not in makefile} == set()
