"""Changes that would lose data, or access to it, on the real engine: refused in preview, nothing written."""

from __future__ import annotations

import pytest

from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.engine.shared import done
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = pytest.mark.engine
CONFIGURED = f"config:\n  azure-native:subscriptionId: {OTHER_SUBSCRIPTION_ID}\n"


@pytest.fixture(scope="module")
def deployed(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    done(stack.deploy())
    return stack


def refused(stack: Stack, azure: RunningAzure, account_id: str, *words: str) -> None:
    """A preview of the stack names the words; neither it nor an `up` writes anything."""
    before = cloud.history(azure, account_id)
    run = stack.deploy()
    assert not run.ok, run.output
    for word in ("nothing was made or changed", *words):
        assert word in run.output, f"{word} is not in:\n{run.output}"
    assert "Traceback" not in run.output
    assert cloud.history(azure, account_id) == before
    assert "unprotect" not in run.output
    assert "unhandled error" not in run.output


def test_fails_on_every_change_that_loses_data_at_once(deployed: Stack, azure: RunningAzure) -> None:
    """Another region, group, identity, vault and way of access: each is named, with what would be lost."""
    original = deployed.config_file.read_text()
    account_id = deployed.outputs()["accountId"]
    deployed.configure(
        location="northeurope",
        resourceGroupName="rg-other",
        identity="userAssigned",
        accessModel="rbac",
        vault={"name": "kv-other"},
    )
    refused(
        deployed,
        azure,
        account_id,
        "location: changes from 'westeurope' to 'northeurope'",
        "resourceGroupName: changes from 'rg-contoso-dev' to 'rg-other'",
        "identity: the data of account 'lang-contoso-dev'",
        "vault.name: changes from 'kv-contoso-dev' to 'kv-other'",
        "accessModel: found 'rbac', but vault 'kv-contoso-dev' is under 'accessPolicy'",
        "deleted, and its data with it",
    )
    deployed.config_file.write_text(original)


@pytest.mark.long
def test_fails_on_another_subscription_though_the_engine_keeps_its_provider(
    deployed: Stack, azure: RunningAzure
) -> None:
    """Configured for another subscription, the first run refuses, before the new one is in the state: else
    the next refresh would look for the grants there, and the state would lose them."""
    original = deployed.config_file.read_text()
    deployed.config_file.write_text(f"{original}\n".replace("config:\n", CONFIGURED, 1))
    refused(
        deployed,
        azure,
        deployed.outputs()["accountId"],
        f"azure-native:subscriptionId: found {OTHER_SUBSCRIPTION_ID}",
        "its data are in",
        "none of the data",
    )
    deployed.config_file.write_text(original)
    done(deployed.deploy("--expect-no-changes"))
