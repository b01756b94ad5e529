"""Programs that use the components as a package: the examples of docs/examples, each with its language."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine import yaml_host
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack

HOSTS = {"yaml": "yaml", "python": "python", "typescript": "nodejs", "go": "go"}
"""Pulumi's language host by example."""


def consumer(folder: Path, azure: RunningAzure, example: str) -> Stack:
    """The example in a checkout of its own, where it is in the repository; no stack is selected yet."""
    stack = Stack(folder / "checkout", azure.env)
    below = stack.folder / "docs" / "examples" / example
    left_out = shutil.ignore_patterns("sdks", "node_modules", "venv", "bin", "Pulumi.*.yaml")
    shutil.copytree(ROOT / "docs" / "examples" / example, below, ignore=left_out)
    stack.folder = below
    return stack


def use_host(stack: Stack, example: str) -> None:
    """Puts the official language host of an example on the stack's PATH; skips the test where there is none.

    The host for YAML is built where it is missing. The others come with the official CLI only; the folder
    that OFFICIAL_HOSTS names may hold them.
    """
    own = ROOT / ".pulumi" / "bin"
    if example == "yaml":
        yaml_host.install(own, os.environ["PATH"])
        return
    host = f"pulumi-language-{HOSTS[example]}"
    official = os.environ.get("OFFICIAL_HOSTS", "")
    search_path = os.pathsep.join(filter(None, [official, os.environ["PATH"]]))
    folders = [one for one in search_path.split(os.pathsep) if Path(one).resolve() != own.resolve()]
    found = shutil.which(host, path=os.pathsep.join(folders))
    if found is None:
        pytest.skip(
            f"{host} comes with the official Pulumi CLI: put it on PATH, or name its folder in OFFICIAL_HOSTS"
        )
    stack.env["PATH"] = os.pathsep.join([str(Path(found).parent), stack.env["PATH"]])


def add_packages(stack: Stack, example: str) -> None:
    """Generates the SDKs and installs what the program needs, in the words of docs/packages.md."""
    if example == "yaml":
        return
    for folder in ("components", "provider"):
        added = stack.pulumi("package", "add", f"../../../{folder}")
        assert added.ok, added.output
    installed = stack.pulumi("install")
    assert installed.ok, installed.output
