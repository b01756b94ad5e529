"""A subscription whose Azure Policy denies accounts without a customer key, on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from localazure.policy_evaluation import CUSTOMER_KEY
from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.engine.shared import done, refused, vault_of_others
from tests.support.azure import RunningAzure
from tests.support.judge import KEY_VAULT, Judge
from tests.support.stack import Stack

pytestmark = pytest.mark.engine
DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"
CENTRAL = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-keys"
CENTRAL_VAULT = f"{CENTRAL}/providers/Microsoft.KeyVault/vaults/kv-central"


@pytest.fixture
def judge(stack: Stack, azure: RunningAzure) -> Judge:
    """The stack's own judge, in a subscription with the Deny policy; and a vault in another one."""
    judge = Judge(azure, stack)
    scope = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}"
    assignment = f"{scope}/providers/Microsoft.Authorization/policyAssignments/no-account-without-key"
    denied = {
        "policyDefinitionId": f"{DEFINITIONS}/{CUSTOMER_KEY}",
        "parameters": {"effect": {"value": "Deny"}},
    }
    judge.arm("PUT", assignment, "2022-06-01", {"properties": denied})
    vault_of_others(judge, CENTRAL_VAULT)
    return judge


def test_two_phases_are_denied_with_a_way_out_and_one_phase_is_not(
    stack: Stack, judge: Judge, azure: RunningAzure, tmp_path: Path
) -> None:
    """The account of phase one is forbidden before anything is made, and the message names the setting that
    helps; with it the same stack goes on and is bound, by a key in another subscription; and so is one with a
    vault of its own."""
    stack.configure(vault={"id": CENTRAL_VAULT}, key=None)
    run = refused(
        stack.deploy(), "was disallowed by policy", "set identity: userAssigned", "nothing was made"
    )
    assert "Traceback" not in run.output

    stack.configure(identity="userAssigned")
    done(stack.deploy())
    (state,) = judge.history()
    assert state["keySource"] == KEY_VAULT
    assert state["keyUri"].startswith("https://kv-central.vault.azure.net/keys/cmk-contoso-dev/")

    own = Stack(tmp_path / "own", azure.env)
    own.configure(name="contoso-own", identity="userAssigned", accessModel="rbac", vault=None, key=None)
    done(own.deploy())
    (state,) = Judge(azure, own, "contoso-own").history()
    assert state["keyUri"].startswith("https://kv-contoso-own.vault.azure.net/keys/cmk-contoso-own/")
    done(own.deploy("--expect-no-changes"))
