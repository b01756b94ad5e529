"""A program that knows nothing of this project, in Pulumi YAML, on the stand-in's schema and functions."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from engine import yaml_host
from tests.support.azure import RunningAzure
from tests.support.slow_clock import BEFORE_RETIREMENTS
from tests.support.stack import ROOT, Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROGRAM = Path(__file__).with_name("programs") / "azure_native.yaml"


def plain(stack: Stack) -> Path:
    """Gives the stack a folder that knows nothing of the project; where its program goes."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack.folder = stack.folder / "plain"
    stack.folder.mkdir()
    return stack.folder / "Pulumi.yaml"


def test_plain_resources_and_functions_work_from_yaml(stack: Stack, azure: RunningAzure) -> None:
    """Types, getters and lists of keys pass YAML's type check; the account is bound, all is settled after one
    run, and nothing but what the program wraps is secret in the state."""
    azure.set_clock(BEFORE_RETIREMENTS)
    shutil.copy(PROGRAM, plain(stack))
    done(stack.pulumi("stack", "select", "--create", "dev"))
    done(stack.deploy())
    outputs = stack.outputs()
    assert outputs["uri"].startswith("https://vault")
    assert outputs["key1"] == "[secret]"
    assert outputs["keySource"] == "Microsoft.KeyVault"
    secret = {one["type"] for one in stack.resources() if "ciphertext" in json.dumps(one)}
    assert secret == {"pulumi:pulumi:Stack"}
    done(stack.deploy("--expect-no-changes"))
    assert stack.destroy().ok


def test_an_import_prints_code_that_runs(stack: Stack) -> None:
    """What `pulumi import` writes for a resource names its type with its module, and run it changes
    nothing."""
    head = "name: plain\nruntime: yaml\n"
    group = "  group:\n    type: azure-native:resources:ResourceGroup\n"
    program = plain(stack)
    program.write_text(
        f"{head}resources:\n{group}    properties: {{location: westeurope}}\n"
        "outputs: {id: '${group.id}'}\n"
    )
    done(stack.pulumi("stack", "select", "--create", "dev"))
    done(stack.deploy())
    words = ("import", "azure-native:resources:ResourceGroup", "group", stack.outputs()["id"])
    done(stack.pulumi("stack", "select", "--create", "other"))
    written = done(stack.pulumi(*words, "--yes", "--protect=false")).output.rpartition("resources:\n")[2]
    assert group in written
    program.write_text(f"{head}resources:\n{written}")
    done(stack.deploy("--expect-no-changes"))
