"""Programs that use the components as a package: the examples of docs/examples, each with its language."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine import yaml_host
from localazure.environment import registries_trusted
from tests.support.azure import RunningAzure
from tests.support.environments import official_host
from tests.support.stack import ROOT, Stack

HOSTS = {"yaml": "yaml", "python": "python", "typescript": "nodejs", "go": "go"}
"""Pulumi's language host by example."""


def consumer(folder: Path, azure: RunningAzure, example: str) -> Stack:
    """The example in a checkout of its own, where it is in the repository; no stack is selected yet. Packages
    can be installed there, as in the environment of `make env`."""
    stack = Stack(folder / "checkout", azure.env, warm=False)
    stack.env.update(registries_trusted(azure.home, os.environ))
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
    if example == "yaml":
        yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
        return
    found = required_host(HOSTS[example])
    stack.env["PATH"] = os.pathsep.join([str(found.parent), stack.env["PATH"]])


def required_host(language: str) -> Path:
    """Pulumi's own host of a language; skips the test where there is none."""
    found = official_host(language)
    if found is None:
        pytest.skip(
            f"pulumi-language-{language} comes with the official Pulumi CLI: put it on PATH, or name its "
            "folder in OFFICIAL_HOSTS"
        )
    return found


def install(stack: Stack) -> None:
    """Generates the SDK and installs what the program needs, in the words of docs/packages.md."""
    done = stack.pulumi("install")
    assert done.ok, done.output
