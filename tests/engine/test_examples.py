"""Every example deploys on the real engine and the local Azure, and proposes nothing when it is run again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import ROOT, Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.long]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))
NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def central(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The vault and key of a central team, in another subscription, which two of the examples name."""
    stack = Stack(tmp_path_factory.mktemp("central") / "stack", azure.environ)
    stack.configure(
        name="keys",
        resourceGroupName="rg-keys",
        vault={"name": "kv-keys"},
        key={"name": "language"},
    )
    document = stack.config()
    document["config"]["azure-native:subscriptionId"] = OTHER_SUBSCRIPTION_ID
    stack.config_file.write_text(yaml.safe_dump(document))
    done(stack.up())
    return stack


@pytest.fixture(scope="module")
def hub(azure: RunningAzure, central: Stack) -> None:
    """The network with its DNS zones, and the workspace, that two of the examples name."""
    judge, groups = Judge(azure, central), f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups"
    for group in ("rg-network", "rg-hub"):
        judge.arm("PUT", f"{groups}/{group}", "2024-03-01", {"location": "westeurope"})
    network = f"{groups}/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-spoke"
    subnet = {"name": "endpoints", "properties": {"addressPrefix": "10.0.0.0/24"}}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}
    judge.arm("PUT", network, "2024-05-01", {"location": "westeurope", "properties": space})
    for host in ("cognitiveservices.azure.com", "vaultcore.azure.net"):
        zone = f"{groups}/rg-network/providers/Microsoft.Network/privateDnsZones/privatelink.{host}"
        judge.arm("PUT", zone, "2024-06-01", {"location": "global", "properties": {}})
    workspace = f"{groups}/rg-hub/providers/Microsoft.OperationalInsights/workspaces/log-hub"
    judge.arm("PUT", workspace, "2023-09-01", {"location": "westeurope", "properties": {}})


def _in_force(policies: Path, folder: Path) -> Path:
    """A configuration whose exemptions have not ended yet, whenever the test runs."""
    soon = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    copy = folder / policies.name
    copy.write_text(re.sub(r'"until": "[^"]+"', f'"until": "{soon}"', policies.read_text()))
    return copy


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_deploys_and_settles(
    example: Path, azure: RunningAzure, central: Stack, hub: None, tmp_path: Path
) -> None:
    """`up` makes what the example says, a second `up` finds nothing to do, and all of it can be destroyed."""
    stack = Stack(tmp_path / "stack", azure.environ)
    text = example.read_text().replace(NOBODYS, OTHER_SUBSCRIPTION_ID)
    salt = stack.config()["encryptionsalt"]
    stack.config_file.write_text(f"{text}\nencryptionsalt: {salt}\n")
    policies = example.with_suffix(".policies.json")
    done(
        stack.up(*(("--policy-pack-config", str(_in_force(policies, tmp_path))) if policies.exists() else ()))
    )
    done(stack.deploy("--expect-no-changes"))
    assert stack.pulumi("state", "unprotect", "--all", "--yes").ok
    done(stack.destroy())
