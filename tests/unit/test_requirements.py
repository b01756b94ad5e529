"""A fresh clone works with `pulumi install` alone: what Pulumi's official host installs is what uv.lock
has."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from engine.requirements import FILE, exported

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [
    ROOT / "Pulumi.yaml",
    ROOT / "components" / "PulumiPlugin.yaml",
    ROOT / "provider" / "PulumiPlugin.yaml",
    ROOT / "policies" / "PulumiPolicy.yaml",
]


def test_the_list_is_that_of_the_lock() -> None:
    """Whoever changes uv.lock runs `python -m engine.requirements`."""
    assert FILE.read_text() == exported()


def test_a_deployment_gets_neither_local_azure_nor_test_tools() -> None:
    """A job that deploys holds credentials, so it installs the fewest packages."""
    names = {line.split("==")[0] for line in FILE.read_text().splitlines() if "==" in line}
    assert {"pulumi", "pulumi-azure-native", "azure-identity"} <= names
    assert names.isdisjoint({"uvicorn", "trustme", "pytest", "ruff", "mypy", "hypothesis"})


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
def test_each_project_is_installed_into_the_one_environment(project: Path) -> None:
    """The official host runs `pip install -r requirements.txt` in the folder of each Pulumi*.yaml, into the
    virtual environment that it names, and `pip list` on each run."""
    options = yaml.safe_load(project.read_text())["runtime"]["options"]
    assert options["toolchain"] == "pip"
    environment = (project.parent / options["virtualenv"]).resolve()
    assert environment == (ROOT / ".venv").resolve()
    assert (project.parent / "requirements.txt").is_file()
    listed = subprocess.run(
        [environment / "bin" / "python", "-m", "pip", "list", "--format", "json"],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert '"pulumi"' in listed.stdout, listed.stderr


@pytest.mark.parametrize("folder", [".", "components", "provider", "policies"])
def test_pip_reads_each_list(folder: str) -> None:
    """What is installed here satisfies it, nested lists and checksums included."""
    command = [
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--no-index",
        "--no-deps",
        "--quiet",
        "-r",
        "requirements.txt",
    ]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT / folder, capture_output=True, text=True, check=False
    )
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
    deployed = {line.split("==")[0] for line in FILE.read_text().splitlines() if "==" in line}
    lacking = []
    for platform, tags in _PLATFORMS.items():
        for minor in (11, 12, 13, 14):
            fitting = {
                *cpython_tags((3, minor), platforms=tags),
                *compatible_tags((3, minor), f"cp3{minor}", tags),
            }
            lacking += [
                (name, platform, minor)
                for name in (deployed if platform == "Windows" else wheels)
                if not any(fitting & fits for fits in wheels[name])
            ]
    assert lacking == []


def test_every_python_from_3_11_on_is_allowed() -> None:
    """The lock is made for the Pythons that pyproject.toml allows, and pyproject.toml has no upper end."""
    for file in ("pyproject.toml", "uv.lock"):
        text = (ROOT / file).read_text()
        assert 'requires-python = ">=3.11"' in text
