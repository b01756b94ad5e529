"""A fresh clone works with `pulumi install` alone: what Pulumi's official host installs is what uv.lock
has; and what a job that deploys installs."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import packages_distributions
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from engine import setup
from engine.requirements import GROUPS, exported
from tests.unit.test_imports import imports_of

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [
    ROOT / "Pulumi.yaml",
    ROOT / "components" / "PulumiPlugin.yaml",
    ROOT / "provider" / "PulumiPlugin.yaml",
    ROOT / "policies" / "PulumiPolicy.yaml",
]


def lock() -> Any:
    """uv.lock."""
    return tomllib.loads((ROOT / "uv.lock").read_text())


def listed(name: str) -> dict[str, str]:
    """The packages of a list, with their versions."""
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.removesuffix(" \\").split(" ;")[0].split("==") for line in lines if "==" in line[:60])


@pytest.mark.parametrize("name", GROUPS)
def test_each_list_is_that_of_the_lock(name: str) -> None:
    """Whoever changes uv.lock runs `python -m engine.requirements`."""
    assert (ROOT / name).read_text() == exported(GROUPS[name])


def test_a_python_without_pip_gets_one_first(
    ran: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's own has none; any other installs into the environment at once. The environment has pip, by
    which Pulumi's language host lists its packages."""
    own = str(tmp_path / ".venv" / "bin" / "python")
    for has_pip in (True, False):
        monkeypatch.setattr(importlib.util, "find_spec", lambda _, has_pip=has_pip: has_pip or None)
        setup.make_environment(tmp_path, Path(sys.executable))
        venv, pip = ran[-3], ran[-2]
        assert ("--without-pip" in venv) is has_pip
        assert (pip[:1] == [own]) is not has_pip
        assert pip[-1] == str(tmp_path / "engine" / "requirements.txt")
        (tmp_path / ".venv" / ".synced").unlink()


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the set-up of a checkout with a virtual environment runs."""
    found: list[list[str]] = []
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("uv.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(setup, "_run", lambda command, advice: found.append([str(word) for word in command]))
    return found


def test_a_deployment_installs_its_own_packages_with_checksums_and_nothing_else(
    ran: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that deploys holds credentials: neither local Azure nor test tools, and uv as its list has it."""
    setup.make_environment(tmp_path, Path(sys.executable), runtime=True)
    _, pip, sync = ran
    assert pip[-3:] == ["--require-hashes", "--requirement", str(tmp_path / "engine" / "requirements.txt")]
    assert listed("engine/requirements.txt").keys() == {"pip", "uv"}
    assert sync[0] == str(tmp_path / ".venv" / "bin" / "uv")
    words = [str(Path(sys.executable).with_name("uv")), *(word for word in sync[1:] if word != "--quiet")]
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", str(tmp_path / "none"))
    done = subprocess.run([*words, "--dry-run", "--offline"], capture_output=True, text=True, check=True)
    installed = {line[3:].partition("==")[0] for line in done.stderr.splitlines() if line.startswith(" + ")}
    assert installed == {*listed("requirements.txt")}
    assert len(installed) < 60
    assert {"pulumi", "pulumi-azure-native", "azure-identity"} <= installed
    assert installed.isdisjoint(
        {"aiohttp", "distributed", "uvicorn", "trustme", "pytest", "ruff", "hypothesis"}
    )


def test_the_rest_is_installed_when_it_is_wanted(ran: list[list[str]], tmp_path: Path) -> None:
    """A checkout that was set up for a deployment lacks the rest; a whole one has a deployment's packages."""
    (tmp_path / ".venv" / "bin" / "uv").touch()
    for runtime in (True, True, False, False, True):
        setup.make_environment(tmp_path, Path(sys.executable), runtime=runtime)
    assert ["--only-group" in one for one in ran] == [True, False]


@pytest.mark.parametrize("part", ["components", "provider"])
def test_each_part_needs_the_packages_of_its_list_alone(part: str) -> None:
    """Whoever takes the component package or the provider from here installs that list."""
    given = {*listed(f"{part}/requirements.txt")}
    modules = imports_of(part) | imports_of("core")
    own = {*sys.stdlib_module_names, part, "core"}
    needed = {name for name in modules if name.partition(".")[0] not in own}
    installed = packages_distributions()
    assert {name for name in needed if not given & _packages(name, installed)} == set()
    assert given < {*listed("requirements.txt")}


def _packages(module: str, installed: Mapping[str, list[str]]) -> set[str]:
    """The packages that a module may come from; Azure's share one folder, and are named like their
    modules."""
    words = module.split(".")
    if words[0] == "azure":
        return {"-".join(words[:count]) for count in range(2, len(words) + 1)}
    return {name.replace("_", "-").lower() for name in installed[words[0]]}


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
def test_each_project_is_installed_into_the_one_environment(project: Path) -> None:
    """The official host runs `pip install -r requirements.txt` in the folder of each Pulumi*.yaml, into the
    virtual environment that it names: what is installed here satisfies the list, nested lists and checksums
    included."""
    options = yaml.safe_load(project.read_text())["runtime"]["options"]
    assert options["toolchain"] == "pip"
    environment = (project.parent / options["virtualenv"]).resolve()
    assert environment == (ROOT / ".venv").resolve()
    words = ("--dry-run", "--no-index", "--no-deps", "--quiet", "--requirement", "requirements.txt")
    command = [environment / "bin" / "python", "-m", "pip", "install", *words]
    done = subprocess.run(command, cwd=project.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


_PLATFORMS = {
    "Linux": [*(f"manylinux_2_{glibc}_x86_64" for glibc in range(17, 29)), "manylinux2014_x86_64"],
    "Linux on ARM": [*(f"manylinux_2_{glibc}_aarch64" for glibc in range(17, 29)), "manylinux2014_aarch64"],
    "macOS": list(mac_platforms((14, 0), "arm64")),
    "Windows": ["win_amd64"],
}


def _wheels() -> dict[str, list[frozenset[Tag]]]:
    """By locked package, what each of its wheels fits."""
    return {
        package["name"]: [
            parse_wheel_filename(wheel["url"].rpartition("/")[2])[3] for wheel in package.get("wheels", ())
        ]
        for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
        if "registry" in package["source"]
    }


def test_nothing_is_compiled_on_another_machine() -> None:
    """Every locked package of a deployment has a wheel for each Python from 3.11 to 3.14 and each system; on
    Linux and macOS, where the local Azure runs, each package of it and of the tests has one, too."""
    wheels = _wheels()
    deployed = listed("requirements.txt")
    lacking = []
    for (platform, tags), minor in product(_PLATFORMS.items(), (11, 12, 13, 14)):
        fitting = {
            *cpython_tags((3, minor), platforms=tags),
            *compatible_tags((3, minor), f"cp3{minor}", tags),
        }
        names = deployed if platform == "Windows" else wheels
        lacking += [
            (name, platform, minor) for name in names if not any(fitting & fits for fits in wheels[name])
        ]
    assert lacking == []


def test_every_archive_of_the_lock_has_a_checksum() -> None:
    """Of every group, also those that only tests and the documentation install."""
    packages = [one for one in lock()["package"] if one["name"] != "language-cmk"]
    archives = [[*one.get("wheels", ()), *([one["sdist"]] if "sdist" in one else [])] for one in packages]
    assert all(archives)
    assert [one["url"] for found in archives for one in found if not one["hash"].startswith("sha256:")] == []


class _Database(BaseHTTPRequestHandler):
    """What osv.dev answers: nothing, but for the package `jinja2`."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
        self.asked.extend((one["package"]["name"], one["version"]) for one in queries)
        bad = {"vulns": [{"id": "OSV-1", "modified": "2026-01-01T00:00:00Z"}]}
        self.answer({"results": [bad if one["package"]["name"] == "jinja2" else {} for one in queries]})

    def do_GET(self) -> None:
        events = [{"introduced": "0"}]
        ranges = [{"type": "ECOSYSTEM", "events": events}]
        affected = [{"package": {"name": "jinja2", "ecosystem": "PyPI"}, "ranges": ranges}]
        self.answer({"id": "OSV-1", "modified": "2026-01-01T00:00:00Z", "affected": affected})

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_the_nightly_job_asks_about_every_locked_package() -> None:
    """And fails for one that is known to be vulnerable. Every group is among them."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Database) as database:
        threading.Thread(target=database.serve_forever, daemon=True).start()
        words = [
            str(ROOT / ".ci" / "vulnerabilities"),
            "--service-url",
            f"http://127.0.0.1:{database.server_port}/",
        ]
        environ = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
        database.shutdown()
    assert done.returncode == 1, done.stderr
    assert "jinja2" in done.stdout
    locked = {(one["name"], one["version"]) for one in lock()["package"] if one["name"] != "language-cmk"}
    assert set(_Database.asked) == locked
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "long.yml").read_text())
    assert workflow["jobs"]["vulnerabilities"]["steps"][-1]["run"] == ".ci/vulnerabilities"
