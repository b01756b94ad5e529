"""Takes a mutation into a copy of the tree and runs the everyday tests that are nearest to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.strength.mutations import Mutation
from tests.support.stack import ROOT

FIRST_FILES, MORE_FILES = 3, 27
"""Test files that are run for one mutation: the nearest, and so many more where these notice nothing."""
SEARCHING: Final = {
    *("azure_variants", "bench", "clients", "continuity", "engine"),
    *("lifecycle", "remediation", "runbooks", "sdks", "strength"),
}
"""Folders of tests that run the engine, or search for long."""
SECONDS: Final = 1800.0
"""How long the tests of one mutation may take, on a busy machine; one test may take SECONDS_OF_A_TEST."""
SECONDS_OF_A_TEST: Final = 240
_SHARED: Final = (".venv", ".pulumi")
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) ([^\s\[]+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """`test` is the first test that failed with the mutation; "" where none did."""

    mutation: Mutation
    test: str

    @property
    def words(self) -> str:
        said = f"noticed by {self.test}" if self.test else "NOT NOTICED"
        return f"{self.mutation.room}: {self.mutation.lost}: {said}"


class BrokenSearchError(Exception):
    """A test fails without the mutation, too, so nothing can be said."""


def search(mutations: Iterable[Mutation]) -> Iterator[Outcome]:
    """What the everyday tests notice, in the order of the mutations; the working tree stays as it is.

    Raises LookupError with every text that has moved, before any test runs; and BrokenSearchError at the end,
    if a test that noticed something fails without the mutation, too.
    """
    wanted = tuple(mutations)
    _check_places(wanted)
    noticing = set()
    with TemporaryDirectory(prefix="strength-") as folder:
        copy = _Copy(Path(folder, "tree"))
        for mutation in wanted:
            found = Outcome(mutation, copy.first_failure(mutation))
            noticing |= {found.test} - {""}
            yield found
        if noticing and (failed := copy.failures(sorted(noticing))):
            raise BrokenSearchError(f"{', '.join(failed)} also fail on the unchanged tree; mend them first")


def nearest_tests(changed: Path) -> list[str]:
    """The test files that may notice a change of a file, relative to the root: those that have its name
    first, then those of its own room, and of these those that name its module, the largest."""
    room, name = changed.relative_to(ROOT).parts[0], changed.stem

    def order(path: Path) -> tuple[bool, bool, bool, int]:
        names_it = re.search(rf"\b{name}\b", path.read_text(encoding="utf-8"))
        own = path.relative_to(ROOT / "tests").parts[0] == room
        return path.stem != f"test_{name}", not own, not names_it, -path.stat().st_size

    files = (ROOT / "tests").rglob("test_*.py")
    everyday = [one for one in files if one.relative_to(ROOT / "tests").parts[0] not in SEARCHING]
    return [str(one.relative_to(ROOT)) for one in sorted(everyday, key=order)[: FIRST_FILES + MORE_FILES]]


def _check_places(mutations: Iterable[Mutation]) -> None:
    problems = []
    for mutation in mutations:
        try:
            mutation.file()
        except LookupError as problem:
            problems.append(str(problem))
    if problems:
        raise LookupError("\n".join(problems))


class _Copy:
    """A tree of its own, without what programs keep in it."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(ROOT, root, ignore=lambda folder, names: _left_out(Path(folder), names))
        for name in _SHARED:
            (root / name).symlink_to((ROOT / name).resolve())
        self._root = root

    def first_failure(self, mutation: Mutation) -> str:
        """The first test that fails with the mutation; "" if none does."""
        files = nearest_tests(mutation.file())
        with self._with(mutation):
            for some in (files[:FIRST_FILES], files[FIRST_FILES:]):
                if some and (failed := self.failures(["-x", *some])):
                    return failed[0]
        return ""

    @contextmanager
    def _with(self, mutation: Mutation) -> Iterator[None]:
        file = mutation.file(self._root)
        before, times = file.read_text(encoding="utf-8"), file.stat()
        file.write_text(before.replace(mutation.found, mutation.instead), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(before, encoding="utf-8")
            # Python tells by the time whether what it compiled is still true.
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def failures(self, words: list[str]) -> list[str]:
        """The tests that fail, of files and with further options."""
        command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--no-header", "--tb=no"]
        command += ["-n", "2", "-p", "no:cacheprovider", "-m", "not long and not engine"]
        command += ["--timeout", str(SECONDS_OF_A_TEST), *words]
        done = subprocess.run(
            command, cwd=self._root, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode not in _ENDS:
            raise BrokenSearchError(f"pytest ended with {done.returncode}: {done.stdout}{done.stderr}")
        return _FAILED.findall(done.stdout)


_ENDS: Final = (0, 1, 2, 5)
"""Of pytest: all passed, some failed, a file could not be imported, no test was chosen."""


def _left_out(folder: Path, names: list[str]) -> list[str]:
    hidden = [name for name in names if folder == ROOT and name.startswith(".") and name not in _KEPT]
    return [*hidden, *(name for name in names if name == "__pycache__")]


_KEPT: Final = (".github", ".azuredevops", ".ci", ".gitignore", ".vscode")
