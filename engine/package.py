"""The Python package `language-cmk`: its sources, from which `make dist` builds wheel and source archive.

In the repository the rooms (`core`, `components` ...) are top-level modules, because that is the shape of a
Pulumi project. Beside a program's own `core/` and `components/` they have to stand below one name. So a build
copies each room to `language_cmk/<room>` and puts `language_cmk.` before the rooms in its import statements;
nothing else of a file changes. What the package has besides is in `package/`: its public names, its command,
and the folders by which the engine starts the provider and the policy pack.

The result is an ordinary source tree with a pyproject.toml, which hatchling builds.
"""

import ast
import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from engine import template_pipelines
from engine.checkout import ROOT, given, tracked

NAME: Final = "language_cmk"
ROOMS: Final = ("components", "core", "operate", "policies", "probe", "provider", "review", "settings")
_LEFT_OUT: Final = re.compile(
    r"\.sh$|\.md$"  # a fork's pipelines and pages
    r"|/Pulumi\w+\.yaml$|/requirements\.txt$|/pulumi-resource-[\w-]+$"  # how a checkout is started
    r"|^policies/(__main__|publish)\.py$"
    r"|^components/(__main__|host|package_schema)\.py$"  # the package for other languages
)
"""Files of the rooms that serve a checkout, or another package, alone."""
_EXTRAS: Final = {
    "policies": ("policies", "settings"),
    "operate": ("policies", "settings", "operations"),
}
"""The dependency groups of each extra. A program needs neither."""
_PROJECT: Final = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "language-cmk"
version = {version}
description = {description}
readme = "README.md"
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = {python}
dependencies = {dependencies}
classifiers = ["Typing :: Typed"]

[project.optional-dependencies]
{extras}

[project.scripts]
language-cmk = "language_cmk.__main__:main"

[tool.hatch.build.targets.wheel]
packages = ["language_cmk"]

[tool.hatch.build.targets.wheel.shared-data]
share = "share"
"""


def with_one_root(source: str) -> str:
    """A module's text with its imports of rooms below the package. Raises SyntaxError for what is no
    Python."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _room(node.module or ""):
            _replace(lines, node, rf"from\s+{re.escape(node.module or '')}", f"from {NAME}.{node.module}")
        elif isinstance(node, ast.Import) and any(_room(alias.name) for alias in node.names):
            (alias,) = node.names
            if "." in alias.name:
                raise SyntaxError(f"line {node.lineno}: write `from {alias.name.rpartition('.')[0]} import`")
            _replace(lines, node, rf"import\s+{alias.name}", f"from {NAME} import {alias.name}")
    return "".join(lines)


def scripts_with_one_root(source: bytes) -> bytes:
    """A script's text with the modules of rooms that it starts below the package."""
    return re.sub(rf"(?<= -m )({'|'.join(ROOMS)})\b".encode(), rf"{NAME}.\1".encode(), source)


def _room(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in ROOMS


def _replace(lines: list[str], node: ast.stmt, pattern: str, replacement: str) -> None:
    """Replaces the beginning of a statement in its line."""
    line = lines[node.lineno - 1]
    before, statement = line[: node.col_offset], line[node.col_offset :]
    lines[node.lineno - 1] = before + re.sub(pattern, replacement, statement, count=1)


def files(root: Path = ROOT) -> dict[str, bytes]:
    """The files of the source tree, by name."""
    made = {name.removeprefix("package/"): content for name, content in tracked("package", root=root).items()}
    for name, content in tracked(*ROOMS, root=root).items():
        if not _LEFT_OUT.search(name):
            made[f"{NAME}/{name}"] = _moved(name, content)
    for name, content in tracked(*template_pipelines.SCRIPTS, root=root).items():
        if template_pipelines.is_brought(name):
            made[f"share/language-cmk/{name}"] = _moved(name, content)
    made[f"{NAME}/pulumi-plugin.json"] = _plugin(root)
    for plugin_file, content in tracked("template/azure-cmk", root=root).items():
        made[f"share/language-cmk/{plugin_file.removeprefix('template/')}"] = content
    made["pyproject.toml"] = _project(root).encode()
    made["LICENSE"] = (root / "LICENSE").read_bytes()
    return made


def _moved(name: str, content: bytes) -> bytes:
    """A file's content where the rooms are below the package."""
    if name.endswith(".py"):
        return with_one_root(content.decode()).encode()
    return scripts_with_one_root(content) if name.endswith(".sh") else content


def _plugin(root: Path) -> bytes:
    """What Pulumi's language host tells the engine: the plugin of the package's resources, and where it is
    published, once it is. Source: pulumi 3.259, sdk/go/common/resource/plugin/plugin.go."""
    values = given(root)
    plugin = {"resource": True, "name": "azure-cmk", "version": values["version"]}
    if values["address"]:
        plugin["server"] = f"{values['address']}/releases/download/v{values['version']}"
    return (json.dumps(plugin, indent=2) + "\n").encode()


def _project(root: Path) -> str:
    """The package's pyproject.toml; its dependencies are the groups of the repository's own."""
    own = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = own["project"], own["dependency-groups"]
    extras = {
        extra: _dependencies(groups, *of_extra, without=("components", "provider"))
        for extra, of_extra in _EXTRAS.items()
    }
    extras["localazure"] = [f"language-cmk-localazure=={project['version']}", *extras["operate"]]
    return _PROJECT.format(
        version=json.dumps(project["version"]),
        description=json.dumps(project["description"]),
        python=json.dumps(project["requires-python"]),
        dependencies=json.dumps(_dependencies(groups, "components", "provider")),
        extras="\n".join(f"{extra} = {json.dumps(needed)}" for extra, needed in extras.items()),
    )


def _dependencies(groups: Mapping[str, Any], *names: str, without: tuple[str, ...] = ()) -> list[str]:
    """The packages of dependency groups, each once."""
    left_out = set(_packages(groups, *without))
    return sorted(set(_packages(groups, *names)) - left_out)


def _packages(groups: Mapping[str, Any], *names: str) -> Iterator[str]:
    for name in names:
        for entry in groups[name]:
            if isinstance(entry, str):
                yield entry
            else:
                yield from _packages(groups, entry["include-group"])


def write(folder: Path, root: Path = ROOT) -> None:
    """Writes the source tree into a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files(root).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if content.startswith(b"#!"):
            file.chmod(0o755)
