"""The components composed part by part from a program without any Python, in Pulumi YAML, on the real
engine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine import yaml_host
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.consumers import consumer
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def language_host() -> None:
    """Pulumi's host for YAML, beside the CLI; the first time on a machine it is built."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])


def yaml_stack(folder: Path, azure: RunningAzure, program: Path) -> Stack:
    """A stack of a program in YAML, three folders below a checkout of its own, as docs/examples/yaml is."""
    stack = consumer(folder, azure, "yaml")
    shutil.copy(program, stack.folder / "Pulumi.yaml")
    created = stack.pulumi("stack", "select", "--create", "dev")
    assert created.ok, created.output
    return stack


def test_parts_are_composed_in_yaml(language_host: None, empty_azure: RunningAzure, tmp_path: Path) -> None:
    """Vault, key, account, access and binding, each its own component, pass the policy pack in a preview, are
    made in the right order, settle, and go in the right order."""
    stack = yaml_stack(tmp_path, empty_azure, Path(__file__).with_name("programs") / "parts.yaml")
    stack.pulumi("config", "set", "tenantId", empty_azure.env["AZURE_TENANT_ID"])
    first = stack.pulumi("up", "--yes", "--policy-pack", "../../../policies")
    assert first.ok, first.output
    assert {name: uri.split("/")[4] for name, uri in stack.outputs().items()} == {
        "service": "cmk-claims",
        "parts": "support",
        "shared": "cmk-desk",
    }
    again = stack.deploy("--expect-no-changes")
    assert again.ok, again.output
    assert stack.pulumi("state", "unprotect", "--all", "--yes").ok
    gone = stack.destroy()
    assert gone.ok, gone.output
    subscription = empty_azure.env["AZURE_SUBSCRIPTION_ID"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg-claims"
    states = cloud.history(
        empty_azure, f"{group}/providers/Microsoft.CognitiveServices/accounts/lang-support"
    )
    assert [(state["why"], state["readable"]) for state in states[:-1]] == [
        ("PUT", True),
        ("PATCH", True),
        ("PATCH", True),
    ], states
