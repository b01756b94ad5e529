"""One login for both providers, on the real engine: what a stack configures for azure-native counts for
azure-cmk as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

SETTINGS = {
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "tenantId": "ARM_TENANT_ID",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
}


def stack_without_environment(azure: RunningAzure, folder: Path) -> Stack:
    """Stack `dev`, whose environment has no login at all."""
    without = {name: value for name, value in azure.env.items() if not name.startswith(("ARM_", "AZURE_"))}
    return Stack(folder, without, policy_pack=False)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "azure") as running:
        yield running


def test_the_stacks_configuration_of_azure_native_logs_both_in(azure: RunningAzure, tmp_path: Path) -> None:
    """With azure-native's settings alone, `up` binds the account and settles; the secret stays one; a login
    of azure-cmk's own that is somebody else's is refused before anything is written."""
    stack = stack_without_environment(azure, tmp_path / "checkout")
    for name, variable in SETTINGS.items():
        kind = "--secret" if name == "clientSecret" else "--plaintext"
        run = stack.pulumi("config", "set", kind, f"azure-native:{name}", azure.env[variable])
        assert run.ok, run.output
    run = stack.up()
    assert run.ok, run.output
    assert azure.env["ARM_CLIENT_SECRET"] not in run.output + json.dumps(stack.resources())
    (provider,) = [r for r in stack.resources() if r["type"] == "pulumi:providers:azure-cmk"]
    assert set(provider["inputs"]) >= set(SETTINGS)
    again = stack.up("--expect-no-changes")
    assert again.ok, again.output

    other = azure.control(
        "/principals",
        {
            "name": "other",
            "roles": [{"role": "Reader", "scope": f"/subscriptions/{azure.env['ARM_SUBSCRIPTION_ID']}"}],
        },
    )
    document = stack.config()
    own = {
        "clientId": other["clientId"],
        "clientSecret": other["clientSecret"],
        "tenantId": other["tenantId"],
    }
    document["config"] |= {f"azure-cmk:{name}": value for name, value in own.items()}
    document["config"]["language-cmk:tags"] = {"changed": "yes"}
    stack.config_file.write_text(yaml.safe_dump(document))
    before = cloud.history(azure, stack.outputs()["accountId"])
    refused = stack.deploy("--refresh=false")
    assert not refused.ok
    assert "azure-native and azure-cmk are logged in as different principals" in refused.output
    assert cloud.history(azure, stack.outputs()["accountId"]) == before
