"""Grants that count 20 minutes late, in every mode, on the real engine: one update, no failure, and the wait
is shown with its reason."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest

from tests.engine.shared import done, refused
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import PATIENCE_SECONDS, Run, Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]

DELAY = 1200.0
MODES: dict[str, dict[str, Any]] = {
    f"{identity}, {access_model}": {"identity": identity, "accessModel": access_model}
    for identity in ("systemAssigned", "userAssigned")
    for access_model in ("accessPolicy", "rbac")
}


def deploy_until_grants_count(stack: Stack, azure: RunningAzure) -> Run:
    """An update whose grants begin to count only once somebody was told that they are waited for."""
    log = stack.folder / "update.log"
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color", "never"]
    with log.open("w") as output:
        update = subprocess.Popen(
            command, cwd=stack.folder, env=stack.env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while update.poll() is None and time.monotonic() < deadline:
                if "waiting" in log.read_text():
                    azure.control("/clock", {"advance": DELAY})
                time.sleep(0.5)
            return Run(update.wait(timeout=1), log.read_text())
        finally:
            update.kill()


@pytest.mark.parametrize("mode", MODES)
def test_one_update_outlasts_grants_that_count_late(mode: str, stack: Stack, azure: RunningAzure) -> None:
    """The account is bound at the end, was never unbound once it was, and the wait was explained; the same
    when access that was revoked is granted again."""
    azure.control("/behaviour", {"grant_delay_seconds": DELAY})
    stack.configure(**MODES[mode], vault=None, key=None)
    account = Judge(azure, stack).account_id
    for access in ("granted", "revoked", "granted"):
        stack.configure(access=access)
        run = done(stack.deploy() if access == "revoked" else deploy_until_grants_count(stack, azure))
        if access == "granted":
            assert "waiting" in run.output
            assert cloud.history(azure, account)[-1]["readable"]
    assert cloud.unbound_moments(azure, account) == []
    done(stack.deploy("--expect-no-changes"))


def test_the_deployers_own_role_is_made_before_the_key_and_waited_for(
    stack: Stack, azure: RunningAzure
) -> None:
    """Where Azure wants a role on the vault's data to make a key, an update without it is refused with the
    setting that gives it; with the setting, the same stack is made in one update and rotates its key."""
    scope = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}"
    roles = ("Contributor", "Role Based Access Control Administrator")
    made = azure.control(
        "/principals",
        {"name": "pipeline", "roles": [{"role": role, "scope": scope} for role in roles]},
    )
    login = {
        "clientId": made["clientId"],
        "clientSecret": made["clientSecret"],
        "tenantId": azure.env["ARM_TENANT_ID"],
    }
    for name, value in login.items():
        kind = "--secret" if name == "clientSecret" else "--plaintext"
        assert stack.pulumi("config", "set", kind, f"azure-native:{name}", value).ok
    azure.control("/behaviour", {"arm_keys_need_data_role": True, "grant_delay_seconds": DELAY})
    stack.configure(accessModel="rbac", vault=None, key=None)
    refused(stack.deploy(), "set vault.keyOperators: [deployer]")
    stack.configure(vault={"keyOperators": ["deployer"]})
    done(deploy_until_grants_count(stack, azure))
    stack.configure(key={"generation": 1})
    done(stack.deploy())
    account = Judge(azure, stack).account_id
    assert len(cloud.bound_keys(azure, account)) == 2
    done(stack.deploy("--expect-no-changes"))
