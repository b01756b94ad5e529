"""Mutation testing of the pack: `python -m tests.policies.mutate [--seconds N] [module ...]`.

Runs the pack's tests once for each small change of a module and lists the changes that no test noticed. It
takes minutes, so it is not part of the suite; test_mutations.py holds the part that is fast. Each run is a
fork of a process that has everything loaded but the pack itself, and stops at the first failure.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import hypothesis  # noqa: F401 - loaded before the fork
import pulumi_policy  # noqa: F401
import pytest
from google.protobuf import json_format  # noqa: F401
from pulumi.runtime import proto  # noqa: F401

from tests.policies.mutants import mutants

ROOT = Path(__file__).resolve().parents[2]
SHARED = ("table", "used", "rule", "session")
SHARED_TOO = ("requests", "adapter", "exemptions", "reports")
# Tests that take long and tell little of one rule.
_LEFT_OUT = ("test_generated_stacks.py", "test_speed.py", "test_mutations.py")


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a changed tree."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name, self._tree = name, tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, f"<mutant of {self._name}>", "exec"), module.__dict__)


def survives(module: str, tree: ast.Module, seconds: int) -> bool | None:
    """True when every test passes over the changed module; None when that took too long to tell."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            signal.alarm(seconds)
            sys.meta_path.insert(0, _Mutated(module, tree))
            code = int(pytest.main(["-x", "-q", *_tests(module)]))
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM else status == 0


def _tests(module: str) -> list[str]:
    folder = Path(__file__).parent
    files = [file for file in folder.rglob("test_*.py") if file.name not in _LEFT_OUT]
    word = module.rsplit(".", 1)[-1].split("_", maxsplit=1)[0]
    # Those that are likely to notice come first.
    return [str(file) for file in sorted(files, key=lambda file: (word not in file.name, file.name))]


def _modules(wanted: Sequence[str]) -> list[Path]:
    package = ROOT / "policies"
    rules = sorted(file for file in (package / "rules").glob("*.py") if file.name != "__init__.py")
    files = [*rules, *(package / f"{name}.py" for name in SHARED + SHARED_TOO)]
    return [file for file in files if not wanted or file.stem in wanted]


def main() -> int:
    """Prints each survivor, and each change that took too long; the exit code is 1 when there is one."""
    parser = argparse.ArgumentParser(description="changes the policy pack and lists what no test notices")
    parser.add_argument("--seconds", type=int, default=60, help="longest run of the tests over one change")
    parser.add_argument("module", nargs="*", help="file names without .py; all rules and what they share")
    given = parser.parse_args()
    alive = count = slow = 0
    for file in _modules(given.module):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for mutant in mutants(file.read_text()):
            count += 1
            alone = survives(name, mutant.tree, given.seconds)
            if alone is None:
                slow += 1
                print(f"{name}: not told in {given.seconds} s: {mutant.what}", flush=True)  # noqa: T201
            elif alone:
                alive += 1
                print(f"{name}: {mutant.what}", flush=True)  # noqa: T201
    print(f"{count} changes, {alive} that no test noticed, {slow} not told", flush=True)  # noqa: T201
    return int(alive + slow > 0)


if __name__ == "__main__":
    sys.exit(main())
