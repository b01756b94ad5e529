"""Imports point one way (the layout of the repository)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each part, and what of ours it may import besides itself. Nothing but the tests may know the local Azure.
ALLOWED = {
    "__main__.py": {"settings", "components", "core", "operate"},
    "core": set(),
    "settings": {"components", "core"},
    "components": {"core"},
    "provider": {"core"},
    "policies": {"core"},
    "review": {"core"},
    "operate": {"components", "core", "provider", "settings"},
    "probe": {"core", "provider"},
    "localazure": set(),
    "engine": {"core"},
}
OURS = {name.removesuffix(".py") for name in ALLOWED} - {"__main__"} | {"tests"}
# Settings take the arguments of the components, and make no resource.
ARGUMENTS = {"arguments", "network", "service_args"}


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def product_files(part: str) -> list[Path]:
    """The Python files of a part."""
    path = ROOT / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_point_one_way(part: str) -> None:
    """A part imports nothing of ours but what the layout allows."""
    own = part.removesuffix(".py")
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in product_files(part)
        for name in _imported(file)
        if (top := name.split(".")[0]) in OURS and top != own and top not in ALLOWED[part]
    ]
    assert wrong == []


def test_settings_take_only_arguments_from_the_components() -> None:
    """Reading the settings makes no resource, so it needs none of what makes them."""
    wrong = [
        f"{file.name} imports {name}"
        for file in product_files("settings")
        for name in _imported(file)
        if name.startswith("components.") and name.split(".")[1] not in ARGUMENTS
    ]
    assert wrong == []


def test_core_needs_the_standard_library_alone() -> None:
    """Whoever takes core along, such as the published policy pack, takes nothing else."""
    wrong = [
        f"{file.name} imports {name}"
        for file in product_files("core")
        for name in _imported(file)
        if (top := name.split(".")[0]) != "core" and top not in sys.stdlib_module_names
    ]
    assert wrong == []


def test_only_the_settings_read_the_stacks_configuration() -> None:
    """pulumi.Config and what is behind it are used in one place; the login alone is read by the components,
    whose programs have no settings of ours."""
    readers = {
        file.relative_to(ROOT).parts[0]
        for part in ("__main__.py", "settings", "components")
        for file in product_files(part)
        if file.name != "cmk_resource.py"
        and (
            any(name.startswith(("pulumi.Config", "pulumi.runtime.config")) for name in _imported(file))
            or "pulumi.Config(" in file.read_text()
        )
    }
    assert readers == {"settings"}
