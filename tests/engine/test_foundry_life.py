"""An account of Azure OpenAI that Azure turns into a Foundry resource by itself, gets projects, and then its
customer's key, on the real engine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.api_versions import UPGRADES
from hosts import yaml_host
from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure
from tests.support.consumers import consumer
from tests.support.stack import ROOT, Stack, done, refused

pytestmark = pytest.mark.engine
UPGRADED = {"kind": "AIServices", "properties": {"allowProjectManagement": True}}
Declare = Callable[..., None]
"""Declares settings, by the names of the stack's file; None takes one out."""


def program(azure: RunningAzure, folder: Path) -> tuple[Stack, Declare]:
    """Our program, by its stack's file."""
    stack = Stack(folder / "checkout", azure.env, policy_pack=False)
    return stack, stack.configure


def package(azure: RunningAzure, folder: Path) -> tuple[Stack, Declare]:
    """A program in YAML that uses the component as a package."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack = consumer(folder, azure, "yaml")
    stack.policy_pack = False
    file = stack.folder / "Pulumi.yaml"

    def declare(**settings: Any) -> None:
        written = yaml.safe_load(file.read_text())
        properties = written["resources"]["claims"]["properties"]
        given = {**properties, **settings}
        written["resources"]["claims"]["properties"] = {
            name: value for name, value in given.items() if value is not None
        }
        file.write_text(yaml.safe_dump(written))

    declare(audit={"newWorkspace": False})
    written = yaml.safe_load(file.read_text())
    written["outputs"]["accountId"] = "${claims.accountId}"
    file.write_text(yaml.safe_dump(written))
    done(stack.pulumi("stack", "select", "--create", "dev"))
    return stack, declare


@pytest.mark.parametrize("by", [program, pytest.param(package, marks=pytest.mark.long)])
def test_an_account_that_azure_upgraded_gets_projects_and_then_a_key(
    by: Callable[[RunningAzure, Path], tuple[Stack, Declare]], empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """As long as it is opted out, each update that writes it opts it out again. It keeps the name that it has
    by default. The preview names the one setting that is to change; each update needs no more than one, and
    the evidence finds the account under its key."""
    stack, declare = by(empty_azure, tmp_path)
    opted_out = {"foundryAutoUpgrade": "disabled"}
    declare(kind="OpenAI", encryption="microsoftManaged", vault=None, key=None, **opted_out)
    done(stack.up())
    account = stack.outputs()["accountId"]
    arm = Client(stack.env, ARM, token(stack.env, "https://management.azure.com"))

    def mode() -> str:
        shown = arm.send("GET", f"{account}?api-version={UPGRADES}")[1]
        return str(shown["properties"].get("foundryAutoUpgrade", {}).get("mode"))

    assert mode() == "Disabled"
    done(stack.up("--expect-no-changes"))
    declare(tags={"owner": "claims"})
    assert "FoundryAutoUpgrade" in done(stack.preview()).output
    done(stack.up())  # writes the account by a version that does not know the property, which removes it
    assert mode() == "Disabled"
    assert account.rpartition("/")[2].startswith("oai-")
    assert arm.send("PATCH", f"{account}?api-version=2025-06-01", UPGRADED)[0] == 202
    refused(stack.preview(), "a Foundry resource: set kind: AIServices")
    declare(kind="AIServices", projects=[{"name": "claims"}], foundryAutoUpgrade=None)
    done(stack.up())
    declare(encryption="customerManaged")
    done(stack.preview())
    done(stack.up())
    done(stack.up())  # without a refresh, this one states the key in the account's inputs
    done(stack.up("--expect-no-changes"))
    assert stack.outputs()["accountId"] == account
    subscription = account.split("/")[2]
    file = tmp_path / "evidence"
    words = ("-m", "operate", "evidence", "--subscription", subscription, "--out", str(file))
    run = stack._run(sys.executable, *words, timeout=300, PYTHONPATH=str(ROOT))
    found = json.loads((file / "evidence.json").read_text())
    (service,) = found["services"]
    assert (service["accountId"], service["account"]["kind"]) == (account, "AIServices"), run.output
    assert service["account"]["encryption"]["keySource"] == "Microsoft.KeyVault"
    assert "not-under-customer-key" not in {one["rule"] for one in found["findings"]}
    declare(encryption="microsoftManaged", unbindAccount=account.rpartition("/")[2])
    refused(stack.preview(), "Projects can be updated from Microsoft-managed keys to CMKs but not reverted.")
