"""The stand-in under the real engine, where a program of the repository does not show it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import yaml_host
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine


def test_an_import_prints_code_that_runs(azure: RunningAzure, tmp_path: Path) -> None:
    """What `pulumi import` writes for a resource names its type with its module, and run it changes
    nothing."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack = Stack(tmp_path / "checkout", azure.environ, policy_pack=False)
    stack.folder = stack.folder / "plain"
    stack.folder.mkdir()
    head = "name: plain\nruntime: yaml\n"
    group = "  group:\n    type: azure-native:resources:ResourceGroup\n"
    program = stack.folder / "Pulumi.yaml"
    program.write_text(
        f"{head}resources:\n{group}    properties: {{location: westeurope}}\n"
        "outputs: {id: '${group.id}'}\n"
    )
    stack.pulumi("stack", "select", "--create", "dev")
    assert stack.deploy().ok
    id = stack.outputs()["id"]
    stack.pulumi("stack", "select", "--create", "other")
    imported = stack.pulumi(
        "import", "azure-native:resources:ResourceGroup", "group", id, "--yes", "--protect=false"
    )
    assert imported.ok, imported.output
    written = imported.output[imported.output.rindex("resources:\n") :]
    assert group in written
    program.write_text(head + written)
    again = stack.deploy("--expect-no-changes")
    assert again.ok, again.output
