"""The programs of the lives: what each needs on the machine, how it is built, and how it is run.

Everything is built and installed below `.clients` of the checkout, package managers' caches included; the
packages come from the registries that the machine's own package managers are set up for.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.azure import RunningAzure

_SOURCES = Path(__file__).parent
_CHECKOUT = _SOURCES.parents[1]
_BUILT = _CHECKOUT / ".clients"
_UV = _CHECKOUT / ".venv" / "bin" / "uv"


@dataclass(frozen=True)
class Tool:
    """A command that must be there, in a version of at least `oldest`, and what brings it."""

    command: tuple[str, ...]
    oldest: tuple[int, ...]
    install: str

    def require(self) -> None:
        """Skips the test where it is not on this machine, or is too old, and says what to install."""
        name = self.command[0]
        if shutil.which(name) is None:
            pytest.skip(f"{name} is missing: install {self.install}")
        done = subprocess.run(self.command, capture_output=True, text=True, check=True, cwd="/")
        # Maven writes its version in bold: the number after a bracket belongs to the terminal.
        found = re.search(r"(?<![\[\d])\d+(\.\d+)*", done.stdout + done.stderr)
        version = found.group() if found else "unknown"
        if not found or tuple(map(int, version.split("."))) < self.oldest:
            pytest.skip(f"{name} {version} is too old: install {self.install}")


@dataclass(frozen=True)
class Program:
    """A client's program. `build` runs in a copy of its folder, and only after a change.

    `command` and `prepare` are called with that folder and the one of a run; `prepare` makes what the run
    needs, and gives its variables.
    """

    name: str
    tools: tuple[Tool, ...]
    build: Callable[[Path], None]
    command: Callable[[Path, Path], list[str]]
    prepare: Callable[[Path, RunningAzure, Path], Mapping[str, str]]

    def ready(self) -> Path:
        """The folder with the built program. Skips the test where it cannot be built."""
        for tool in self.tools:
            tool.require()
        folder = _BUILT / self.name
        folder.mkdir(parents=True, exist_ok=True)
        stamp, sources = folder / ".built", _digest(_SOURCES / self.name)
        with (_BUILT / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists() or stamp.read_text() != sources:
                shutil.copytree(_SOURCES / self.name, folder, dirs_exist_ok=True)
                self.build(folder)
                stamp.write_text(sources)
        return folder

    def run(self, azure: RunningAzure, work: Path, *arguments: str) -> str:
        """What the program prints. Raises AssertionError with its errors where it fails."""
        folder = self.ready()
        command = [*self.command(folder, work), *arguments]
        environ = {**azure.environ, **self.prepare(folder, azure, work)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=work, check=False)
        if done.returncode:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr[-8000:]}")
        return done.stdout


def _digest(folder: Path) -> str:
    """Over the folder's files, and over this one, which says how they are built."""
    total = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def _do(folder: Path, *command: str, **environ: Path | str) -> None:
    variables = {**os.environ, **{name: str(value) for name, value in environ.items()}}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command} in {folder}: {done.returncode}\n{done.stdout}\n{done.stderr}")


def _nothing(*_: object) -> dict[str, str]:
    return {}


def _build_node(folder: Path) -> None:
    _do(folder, "npm", "ci", "--ignore-scripts", npm_config_cache=folder / ".npm")


def _build_go(folder: Path) -> None:
    caches = {"GOMODCACHE": folder / ".mod", "GOCACHE": folder / ".cache"}
    _do(folder, "go", "build", "-o", "life", ".", **caches, GOFLAGS="-modcacherw", GOTOOLCHAIN="local")


def _build_java(folder: Path) -> None:
    maven = ("mvn", "--batch-mode", "--quiet", f"-Dmaven.repo.local={folder / '.repository'}")
    _do(folder, *maven, "compile", "dependency:copy-dependencies", "-DoutputDirectory=target/lib")


def _run_java(folder: Path, work: Path) -> list[str]:
    # Java has no variable for certificates, and reads those for proxies only when asked.
    trust = (
        f"-Djavax.net.ssl.trustStore={work / 'trust.p12'}",
        "-Djavax.net.ssl.trustStorePassword=changeit",
    )
    classes = os.pathsep.join((f"{folder}/target/classes", f"{folder}/target/lib/*"))
    return ["java", *trust, "-Djava.net.useSystemProxies=true", "-cp", classes, "Life"]


def _make_trust_store(folder: Path, azure: RunningAzure, work: Path) -> dict[str, str]:
    store = ("-keystore", str(work / "trust.p12"), "-storetype", "PKCS12", "-storepass", "changeit")
    authority = ("-alias", "azure", "-file", str(azure.home.ca_bundle))
    _do(work, "keytool", "-importcert", "-noprompt", *authority, *store)
    return {}


def _build_az(folder: Path) -> None:
    cache = folder / ".uv"
    _do(folder, str(_UV), "venv", "--clear", ".venv", UV_CACHE_DIR=cache)
    locked = ("--require-hashes", "--compile-bytecode", "requirements.txt")
    _do(folder, str(_UV), "pip", "sync", "--python", ".venv/bin/python", *locked, UV_CACHE_DIR=cache)


def _az_login_folder(folder: Path, _: RunningAzure, work: Path) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join((f"{folder}/.venv/bin", os.environ["PATH"])),
        "AZURE_CONFIG_DIR": str(work / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
    }


_NODE = (Tool(("node", "--version"), (20,), "Node.js 20 or newer"), Tool(("npm", "--version"), (9,), "npm"))
_GO = (Tool(("go", "version"), (1, 26), "Go 1.26 or newer"),)
_JAVA = (
    Tool(("javac", "-version"), (17,), "a Java development kit of version 17 or newer"),
    Tool(("mvn", "--version"), (3, 6), "Maven 3.6 or newer"),
)
_BASH = (Tool(("bash", "--version"), (4, 4), "bash 4.4 or newer"),)

PYTHON = Program(
    "python", (), lambda _: None, lambda folder, _: [sys.executable, f"{folder}/life.py"], _nothing
)
"""The project's own environment has Azure's clients for Python, locked by uv.lock."""
PROGRAMS = (
    Program("node", _NODE, _build_node, lambda folder, _: ["node", f"{folder}/life.js"], _nothing),
    Program("go", _GO, _build_go, lambda folder, _: [f"{folder}/life"], _nothing),
    Program("java", _JAVA, _build_java, _run_java, _make_trust_store),
    Program("az", _BASH, _build_az, lambda folder, _: ["bash", f"{folder}/life.sh"], _az_login_folder),
)

BROWSER = Program("browser", _NODE, _build_node, lambda folder, _: ["node", f"{folder}/look.js"], _nothing)
"""Looks at pages with a Chromium that is found on the machine."""
STATE = Program("state", _NODE, _build_node, lambda folder, _: ["node", f"{folder}/containers.js"], _nothing)
"""A storage account of blobs, Azurite, and a client for it: where Pulumi keeps state in Azure."""
