"""Everyday tests notice each line that is taken out of the product, and each comparison that is turned round.

`pytest -m long tests/strength -k core` tries the places of one room."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.strength.mutations import MUTATIONS, Mutation
from tests.support.readme import clone
from tests.support.stack import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
FIRST_FILES, MORE_FILES = 3, 27
"""Test files that are run for one mutation: the nearest, and so many more where these notice nothing."""
SEARCHING: Final = {
    *("azure_variants", "bench", "clients", "continuity", "engine"),
    *("lifecycle", "remediation", "runbooks", "sdks", "strength"),
}
"""Folders of tests that run the engine, or search for long."""
OPTIONS: Final = (
    *("-q", "-rfE", "--no-header", "--tb=no", "-n", "2", "-p", "no:cacheprovider"),
    *("-m", "not long and not engine", "--timeout", "240"),
)
ENDS: Final = (0, 1, 2, 5)
"""Of pytest: all passed, some failed, a file could not be imported, no test was chosen."""


@dataclass(frozen=True)
class Tree:
    """A copy of the working tree, in which one place at a time is changed; and the tests that noticed."""

    root: Path
    noticing: set[str] = field(default_factory=set)

    @contextmanager
    def with_change(self, mutation: Mutation) -> Iterator[None]:
        file = mutation.file(self.root)
        before, times = file.read_text(encoding="utf-8"), file.stat()
        file.write_text(before.replace(mutation.found, mutation.instead), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(before, encoding="utf-8")
            # Python tells by the time whether what it compiled is still true.
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def failures(self, *words: str) -> list[str]:
        """The tests that fail, of files and with further options."""
        command = [sys.executable, "-m", "pytest", *OPTIONS, *words]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode in ENDS, f"{done.stdout}{done.stderr}"
        return re.findall(r"^(?:FAILED|ERROR) ([^\s\[]+)", done.stdout, re.MULTILINE)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """At the end, what noticed something passes there: it would say nothing if it failed in any case."""
    found = Tree(clone(tmp_path_factory.mktemp("strength") / "tree", with_tests=True))
    for name in (".venv", ".pulumi"):
        (found.root / name).symlink_to((ROOT / name).resolve())
    yield found
    assert not found.noticing or found.failures(*sorted(found.noticing)) == []


def nearest_tests(changed: Path) -> list[str]:
    """The test files that may notice a change of a file, relative to the root: those that have its name
    first, then those that import its module, then those of its own room, and of these those that name the
    module, the largest."""
    room, name = changed.relative_to(ROOT).parts[0], changed.stem
    package = ".".join(changed.relative_to(ROOT).parts[:-1])
    imports = re.compile(rf"\bfrom {re.escape(package)}(?:\.{name} import\b| import .*\b{name}\b)")

    def order(path: Path) -> tuple[bool, bool, bool, bool, int]:
        text = (ROOT / path).read_text(encoding="utf-8")
        names_it = re.search(rf"\b{name}\b", text)
        is_of_room = path.parts[1] == room
        return (
            path.stem != f"test_{name}",
            not imports.search(text),
            not is_of_room,
            not names_it,
            -(ROOT / path).stat().st_size,
        )

    files = (path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))
    everyday = sorted((path for path in files if path.parts[1] not in SEARCHING), key=order)
    return [str(path) for path in everyday[: FIRST_FILES + MORE_FILES]]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.room}: {one.lost}")
def test_everyday_tests_notice_what_is_taken_out(mutation: Mutation, tree: Tree) -> None:
    """By one of the tests that are nearest to the place."""
    files = nearest_tests(mutation.file())
    with tree.with_change(mutation):
        for some in (files[:FIRST_FILES], files[FIRST_FILES:]):
            if some and (failed := tree.failures("-x", *some)):
                tree.noticing.add(failed[0])
                return
    pytest.fail(f"{mutation.room}: {mutation.lost}: NOT NOTICED")
