"""Whole lives of the stack on the real engine and the local Azure, judged by the cloud's own records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import roles
from tests.engine.shared import done, refused
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = pytest.mark.engine
PROGRAMS = Path(__file__).with_name("programs")


def prove(stack: Stack) -> subprocess.CompletedProcess[str]:
    """Runs the proof of `make up` on a stack."""
    command = [sys.executable, "-m", "operate", "verify", "--stack", "dev", "--write-project"]
    return subprocess.run(
        command, cwd=stack.folder, env=stack.env, capture_output=True, text=True, check=False, timeout=300
    )


def client(name: str, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Runs one of the programs beside this test, as a client of the cloud of `env`."""
    command = [sys.executable, str(PROGRAMS / f"{name}.py"), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=300)


CALLERS = [{"principalId": "deployer", "role": roles.LANGUAGE_WRITER.name}]
"""Who proves it, as in Pulumi.dev.yaml."""


@pytest.fixture
def deployed(stack: Stack) -> Stack:
    stack.configure(callers=CALLERS)
    done(stack.deploy())
    return stack


def test_one_up_binds_the_account_and_the_proof_holds(stack: Stack, azure: RunningAzure) -> None:
    """One `up` from nothing ends with the account under the key that the outputs name, in two phases."""
    stack.configure(callers=CALLERS)
    done(stack.up())
    outputs = stack.outputs()
    proof = prove(stack)
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert outputs["keyUriWithVersion"].rsplit("/", 1)[1] in proof.stdout
    states = cloud.history(azure, outputs["accountId"])
    assert [state["keySource"] for state in states] == ["Microsoft.CognitiveServices", "Microsoft.KeyVault"]
    assert states[-1]["keyUri"] == outputs["keyUriWithVersion"]
    assert states[-1]["identity"] == outputs["principalId"]
    done(stack.up("--expect-no-changes"))


def test_refresh_changes_nothing_but_the_state(deployed: Stack, azure: RunningAzure) -> None:
    """A refresh takes the binding into the account's state once; then nothing is changed or proposed."""
    before = cloud.history(azure, deployed.outputs()["accountId"])
    assert deployed.refresh().ok
    done(deployed.pulumi("refresh", "--yes", "--expect-no-changes"))
    assert deployed.preview("--expect-no-changes").ok
    assert cloud.history(azure, deployed.outputs()["accountId"]) == before


def test_a_tag_changes_without_an_unbound_moment(deployed: Stack, azure: RunningAzure) -> None:
    """Changing the account's tags, a full PUT, leaves it bound at every moment."""
    account = deployed.outputs()["accountId"]
    deployed.configure(tags={"environment": "dev", "owner": "somebody else"})
    done(deployed.deploy())
    assert cloud.unbound_moments(azure, account) == []
    assert prove(deployed).returncode == 0
    assert deployed.deploy("--expect-no-changes").ok


def test_binding_removed_by_hand_is_drift_and_is_repaired(deployed: Stack, azure: RunningAzure) -> None:
    """Somebody turning the customer's key off shows in the next preview, and `up` binds it again."""
    outputs = deployed.outputs()
    client("unbind", deployed.env, outputs["accountId"])
    assert len(cloud.unbound_moments(azure, outputs["accountId"])) == 1
    assert prove(deployed).returncode == 1
    # The account's own write states the key that the state's binding has, because a read may lag behind.
    assert deployed.proposed() == {
        "azure-cmk:index:CustomerManagedKey": "create",
        "azure-native:cognitiveservices:Account": "update",
    }
    done(deployed.deploy())
    assert prove(deployed).returncode == 0


def test_destroy_takes_everything_and_never_unbinds_first(deployed: Stack, azure: RunningAzure) -> None:
    """On destroy the account goes while its access still stands; nothing is left in the state."""
    outputs = deployed.outputs()
    done(deployed.destroy())
    assert deployed.resources() == []
    assert cloud.documents(azure, "account") == []
    assert cloud.documents(azure, "vault") == []
    assert cloud.unbound_moments(azure, outputs["accountId"]) == []
    states = cloud.history(azure, outputs["accountId"])
    assert [(state["why"], state["readable"]) for state in states] == [
        ("PUT", True),
        ("PATCH", True),
        ("DELETE", False),
    ]
    (vault,) = cloud.documents(azure, "vault.deleted")
    assert outputs["principalId"] in str(vault["body"]), (
        "the account's access was taken away before the account"
    )


def test_fails_with_every_wrong_setting_named_and_nothing_created(stack: Stack, azure: RunningAzure) -> None:
    """Several wrong settings at once are one message that lists all of them."""
    stack.configure(
        location="west-europe", vault={"name": "a" * 30}, netwerk={"access": "open"}, protect="sometimes"
    )
    run = refused(stack.up(), "west-europe", "westeurope", "a" * 30, "24", "netwerk", "network", "protect")
    assert "Traceback" not in run.output
    assert cloud.documents(azure, "group") == []
