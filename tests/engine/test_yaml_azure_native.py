"""A program that knows nothing of this project, in Pulumi YAML, on the stand-in's schema and functions."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from hosts import yaml_host
from tests.support.azure import RunningAzure
from tests.support.slow_clock import BEFORE_RETIREMENTS
from tests.support.stack import ROOT, Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROGRAM = Path(__file__).with_name("programs") / "azure_native.yaml"


def test_plain_resources_and_functions_work_from_yaml(stack: Stack, azure: RunningAzure) -> None:
    """Types, getters and lists of keys pass YAML's type check; the account is bound, all is settled after one
    run, and nothing but what the program wraps is secret in the state."""
    azure.set_clock(BEFORE_RETIREMENTS)
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack.folder = stack.folder / "plain"
    stack.folder.mkdir()
    shutil.copy(PROGRAM, stack.folder / "Pulumi.yaml")
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
