"""The local Azure is a package by itself: it says what it needs, and runs without the clone."""

from __future__ import annotations

import ast
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

from tests.bench import load
from tests.support.arm_client import ARM, Client, token

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "localazure"
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
LOADED_BY_NAME = {"aiohttp", "httptools", "pulumi"}
"""Loaded late, because every start is counted (standin/azure.py, standin/protocol.py), or by uvicorn."""


def _imported() -> Iterator[str]:
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_it_depends_on_what_it_says() -> None:
    """Each import is the standard library's, its own, or a dependency's; and each dependency is imported."""
    owners = packages_distributions()
    foreign = {*_imported()} - {*sys.stdlib_module_names, "localazure"}
    needed = {min(name.lower() for name in owners[module]) for module in foreign - {"google"}}
    declared = {Requirement(one).name for one in PROJECT["dependencies"]}
    assert needed | {"protobuf"} | LOADED_BY_NAME == declared


def test_its_ranges_are_the_clones() -> None:
    """One lock serves both, and no job that deploys installs it."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    own = groups["localazure"] + groups["components"]
    assert {
        one for one in PROJECT["dependencies"] if Requirement(one).name not in ("grpcio", "protobuf")
    } <= {*own}
    assert "localazure" not in str([groups[name] for name in ("deployment", "runtime", "operations")])


def test_a_wheel_of_it_runs_without_the_clone(tmp_path: Path) -> None:
    """Built without the network, it has every module and table of facts, starts, prints exports with which a
    client makes a key, keeps Pulumi's state in its own home, and stops."""
    source, out, home = tmp_path / "source", tmp_path / "out", tmp_path / "home"
    shutil.copytree(FOLDER, source, ignore=shutil.ignore_patterns("__pycache__"))
    build = f"from hatchling import build; build.build_wheel({str(out)!r})"
    out.mkdir()
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = out.glob("language_cmk_localazure-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    files = {
        path.relative_to(FOLDER)
        for path in FOLDER.rglob("*")
        if path.suffix in (".py", ".json", ".html", ".css")
    }
    assert {path for path in files if not (installed / "localazure" / path).is_file()} == set()

    def said(word: str) -> str:
        command = [sys.executable, "-m", "localazure", word, "--home", str(home)]
        environ = {**os.environ, "PYTHONPATH": str(installed)}
        return subprocess.run(
            command, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
        ).stdout

    try:
        assert "started" in said("start")
        assert "its page" in said("status")
        exports = dict(word.split("=", 1) for word in shlex.split(said("env"), comments=False) if "=" in word)
        assert exports["PULUMI_BACKEND_URL"].startswith((home / ".pulumi").as_uri())
        bearer = token(exports, f"https://{ARM}")
        group = f"/subscriptions/{exports['AZURE_SUBSCRIPTION_ID']}/resourceGroups/installed{load.GROUPS}"
        assert Client(exports, ARM, bearer).send("PUT", group, load.WEST)[0] == 201
        load.live(group.partition("?")[0], "installed", load.caller(exports, "installed"))
    finally:
        assert "stopped" in said("stop")


def test_the_words_of_its_container_serve(tmp_path: Path) -> None:
    """What the Containerfile sets and runs, until standard input ends; the image is not built here."""
    lines = (FOLDER / "Containerfile").read_text().splitlines()
    words = json.loads(next(line for line in lines if line.startswith("CMD ")).removeprefix("CMD "))
    setting = next(line for line in lines if line.startswith("ENV ")).removeprefix("ENV ").split()
    environ = {**os.environ, **dict(one.split("=") for one in setting), "LOCALAZURE_HOME": str(tmp_path)}
    ports = [one.partition("=")[2] for one in words if "=" in one]
    exposed = next(line for line in lines if line.startswith("EXPOSE ")).split()[1:]
    assert {*exposed} < {*ports}
    running = subprocess.Popen(
        [sys.executable, "-m", "localazure", *words, "--until-eof"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    assert "serving" in running.stderr.readline()
    assert running.communicate(timeout=30)[1].endswith("stopped\n")
