"""Programs that use the components as a package: the examples of docs/examples, each with its language."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hosts import yaml_host
from localazure.environment import registries_trusted
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.environments import official_host
from tests.support.stack import ROOT, Stack, done

HOSTS = {"yaml": "yaml", "python": "python", "typescript": "nodejs", "go": "go"}
"""Pulumi's language host by example."""
_PROGRAMS = {"yaml": "Pulumi.yaml", "python": "__main__.py", "typescript": "index.ts", "go": "main.go"}


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
    done(stack.pulumi("install"))


def live(example: str, azure: RunningAzure, folder: Path) -> None:
    """An example's whole life on an empty local Azure; raises AssertionError where it is not as it should
    be."""
    stack = consumer(folder, azure, example)
    use_host(stack, example)
    before = {path: path.read_bytes() for path in stack.folder.iterdir()}
    install(stack)
    assert {path: path.read_bytes() for path in before} == before
    done(stack.pulumi("stack", "select", "--create", "claims-weu"))
    pack = ("--yes", "--policy-pack", "../../../policies")

    done(stack.pulumi("up", *pack))
    key = stack.outputs()["keyUriWithVersion"]
    assert "/keys/cmk-claims/" in key
    done(stack.pulumi("preview", "--expect-no-changes"))

    program = stack.folder / _PROGRAMS[example]
    text = program.read_text()
    program.write_text(text.replace("owner", "team"))
    assert program.read_text() != text
    done(stack.pulumi("up", *pack))
    assert stack.outputs()["keyUriWithVersion"] == key

    assert stack.pulumi("config", "set", "generation", "2").ok
    done(stack.pulumi("up", *pack))
    assert stack.outputs()["keyUriWithVersion"] not in ("", key)
    done(stack.pulumi("up", *pack, "--expect-no-changes"))

    group = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-claims"
    account = f"{group}/providers/Microsoft.CognitiveServices/accounts/lang-claims"
    bound = [state for state in cloud.history(azure, account) if state["keySource"] == "Microsoft.KeyVault"]
    assert bound
    assert {state["readable"] for state in bound} == {True}

    assert stack.pulumi("config", "set", "protect", "false").ok
    done(stack.pulumi("up", *pack))
    done(stack.destroy())
    states = [state["keySource"] for state in cloud.history(azure, account)]
    first_bound = states.index("Microsoft.KeyVault")
    assert set(states[first_bound:-1]) == {"Microsoft.KeyVault"}, states
