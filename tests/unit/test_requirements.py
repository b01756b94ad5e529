"""A fresh clone works with `pulumi install` alone: what Pulumi's official host installs is what uv.lock
has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
