"""A whole life of the stack on the real engine and the local Azure, judged by the cloud's own records."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core import resource_types, roles
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack, done, refused

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


def analyzed(stack: Stack) -> None:
    """The pack over the exported state, without any provider: it is let through, and with wrong resources
    refused by a rule on a resource and by a rule on the stack."""
    file = stack.folder / "state.json"
    state = json.loads(done(stack.pulumi("stack", "export")).output)
    words = ("policy", "analyze", "--file", str(file), "--policy-pack", "policies")
    file.write_text(json.dumps(state))
    assert "[mandatory]" not in done(stack.pulumi(*words)).output
    for one in state["deployment"]["resources"]:
        if one["type"] == resource_types.ACCOUNT:
            del one["ignoreChanges"]
        if one["type"] == resource_types.KEY:
            for bag in (one["inputs"], one["outputs"]):
                bag.get("properties", bag)["keySize"] = 3072
    file.write_text(json.dumps(state))
    refused(stack.pulumi(*words), "key-rsa-2048", "found: the key has 3072 bits", "one-writer")


CALLERS = [{"principalId": "deployer", "role": roles.LANGUAGE_WRITER.name}]
"""Who proves it, as in Pulumi.dev.yaml."""


def test_a_whole_life(stack: Stack, azure: RunningAzure) -> None:
    """One `up` from nothing ends with the account under the key that the outputs name, in two phases. No
    refresh, no changed tag, a full PUT, and no revocation, which ends with the setting, takes it off the key.
    That somebody turns the key off shows in the next preview, and `up` binds it again. The exported state
    passes the pack. On destroy the account goes while its access still stands, and nothing is left in the
    state."""
    stack.configure(callers=CALLERS)
    done(stack.up())
    outputs = stack.outputs()
    account = outputs["accountId"]
    proof = prove(stack)
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert outputs["keyUriWithVersion"].rsplit("/", 1)[1] in proof.stdout
    states = cloud.history(azure, account)
    assert [state["keySource"] for state in states] == ["Microsoft.CognitiveServices", "Microsoft.KeyVault"]
    assert states[-1]["keyUri"] == outputs["keyUriWithVersion"]
    assert states[-1]["identity"] == outputs["principalId"]
    done(stack.up("--expect-no-changes"))
    done(stack.refresh())
    done(stack.pulumi("refresh", "--yes", "--expect-no-changes"))
    done(stack.preview("--expect-no-changes"))
    assert cloud.history(azure, account) == states

    stack.configure(tags={"environment": "dev", "owner": "somebody else"})
    done(stack.deploy())
    assert cloud.unbound_moments(azure, account) == []
    done(stack.deploy("--expect-no-changes"))

    judge = Judge(azure, stack)
    judge.write_data()
    for access in ("revoked", None):
        stack.configure(access=access)
        done(stack.up())
        assert judge.reads_data() is (access is None)
        done(stack.deploy("--expect-no-changes"))
    assert cloud.unbound_moments(azure, account) == []

    client("unbind", stack.env, account)
    assert len(cloud.unbound_moments(azure, account)) == 1
    assert prove(stack).returncode == 1
    assert stack.proposed() == {"azure-cmk:index:CustomerManagedKey": "create"}
    done(stack.deploy())
    assert prove(stack).returncode == 0
    analyzed(stack)

    done(stack.destroy())
    assert stack.resources() == []
    assert [cloud.documents(azure, kind) for kind in ("account", "vault")] == [[], []]
    assert len(cloud.unbound_moments(azure, account)) == 1
    assert {state["why"] for state in cloud.history(azure, account) if not state["readable"]} == {"DELETE"}
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
