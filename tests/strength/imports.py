"""Which test files import a file of the product, and how directly."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SEARCHING: Final = {
    *("azure_variants", "bench", "clients", "continuity", "engine"),
    *("lifecycle", "remediation", "runbooks", "sdks", "strength"),
}
"""Folders of tests that run the engine, or search for long."""


class ImportGraph:
    """The imports of a tree's Python files, hidden folders left out."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._importers: dict[str, set[str]] = defaultdict(set)
        files = [
            path
            for path in root.rglob("*.py")
            if not any(part[0] == "." for part in path.relative_to(root).parts)
        ]
        self._modules = {self._module(path): path for path in files}
        for module, path in self._modules.items():
            for name in _imported(path):
                self._importers[self._known(name)].add(module)
            # A package may load what is in it, as that of the policies' rules does.
            self._importers[module].add(module.rpartition(".")[0])

    def nearest_tests(self, changed: Path, most: int) -> list[str]:
        """The test files that import `changed`, at most so many, relative to the root: those that have its
        name first, then those of its own room, the most direct, the largest."""
        module = self._module(changed)
        room, name = module.split(".")[0], module.split(".")[-1]
        found = []
        for importer, distance in self._distances(module).items():
            path = self._modules[importer]
            parts = path.relative_to(self._root).parts
            if parts[0] == "tests" and path.name.startswith("test_") and parts[1] not in SEARCHING:
                order = (path.stem != f"test_{name}", parts[1] != room, distance, -path.stat().st_size)
                found.append((order, "/".join(parts)))
        return [path for _, path in sorted(found)[:most]]

    def _module(self, path: Path) -> str:
        return ".".join(path.relative_to(self._root).with_suffix("").parts).removesuffix(".__init__")

    def _known(self, name: str) -> str:
        """The module that an imported name is, or is of."""
        return name if name in self._modules else name.rpartition(".")[0]

    def _distances(self, module: str) -> dict[str, int]:
        """How many imports each importer is away."""
        distances, latest = {module: 0}, [module]
        while latest:
            following = {one for near in latest for one in self._importers[near]}
            latest = [one for one in following & self._modules.keys() if one not in distances]
            distances |= dict.fromkeys(latest, max(distances.values()) + 1)
        return distances


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
