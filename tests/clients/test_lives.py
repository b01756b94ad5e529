"""An account and its key live once through each of Azure's own clients, unmodified.

The programs say what their clients answered; the local Azure says what really happened.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localazure.seed import DEPLOYER
from tests.clients.programs import PROGRAMS, Program
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure

pytestmark = pytest.mark.timeout(1500)

_KEY_VAULT, _MICROSOFT = "Microsoft.KeyVault", "Microsoft.CognitiveServices"


def _steps(output: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, without nulls, which some clients leave out; lists in order."""
    decoder, steps = json.JSONDecoder(), []
    while output := output.lstrip():
        step, end = decoder.raw_decode(output)
        output = output[end:]
        known = {name: value for name, value in step.items() if value is not None}
        steps.append({name: sorted(v) if isinstance(v, list) else v for name, v in known.items()})
    return steps


def _expected(name: str, access: str, first: str, second: str, principal: str) -> list[dict[str, Any]]:
    """What a client is to be answered, step by step."""
    restored = sorted(id.replace(f"kv-{name}.", f"kv-{name}-2.") for id in (first, second))
    protected = {"softDelete": True, "purgeProtection": True, "rbac": access == "role"}
    recovery_id = f"https://kv-{name}.vault.azure.net/deletedkeys/cmk"
    return [
        {"step": "create group", "state": "Succeeded"},
        {"step": "create vault", **protected},
        {"step": "create key", "key": first, "bits": 2048},
        {"step": "create account", "state": "Succeeded", "principal": principal},
        {"step": "grant access"},
        {"step": "bind", "keySource": _KEY_VAULT, "key": first},
        {"step": "rotate key", "key": second},
        {"step": "bind to the new version", "keySource": _KEY_VAULT, "key": second},
        {"step": "restore key from backup", "versions": restored},
        {"step": "restore key where it is", "refused": "Conflict"},
        {"step": "revoke access"},
        {"step": "bind without access", "refused": "BadRequest"},
        {"step": "restore access"},
        {"step": "bind again", "keySource": _KEY_VAULT, "key": second},
        {"step": "unbind", "keySource": _MICROSOFT},
        {"step": "delete and purge account", "left": []},
        {"step": "delete key", "recoveryId": recovery_id},
        {"step": "purge key", "refused": "Forbidden"},
        {"step": "delete vaults", "left": [f"kv-{name}"]},
        {"step": "purge vault", "refused": "MethodNotAllowed"},
        {"step": "delete group", "left": []},
    ]


def live(program: Program, access: str, folder: Path) -> None:
    """A program's whole life on an Azure of its own. Raises AssertionError where its client is answered
    otherwise than the service answers, or the cloud did something else than the client says."""
    name = f"{program.name}-{access}"
    # Azure lets clients wait 15 s for a group's delete, and leaves them to their own 30 s for the rest.
    with running_azure(folder / "home", group_retry_seconds=1, poll_retry_seconds=1) as azure:
        steps = _steps(program.run(azure, folder, name, access, DEPLOYER.object_id))
        facts = {step["step"]: step for step in steps}
        first, second = facts["create key"]["key"], facts["rotate key"]["key"]
        principal = facts["create account"]["principal"]
        assert len({first, second, principal}) == 3
        assert steps == _expected(name, access, first, second, principal)
        _judge(azure, name, first, second, principal)


@pytest.mark.parametrize("access", ["policy", "role"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_life_through_azures_own_client(program: Program, access: str, tmp_path: Path) -> None:
    """Node.js, Go, Java and the az CLI; Python's clients live every day (tests/localazure/clients)."""
    program.ready()
    live(program, access, tmp_path)


def _judge(azure: RunningAzure, name: str, first: str, second: str, principal: str) -> None:
    """The cloud's own record of the life."""
    group = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-{name}"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-{name}"
    account = f"{group}/providers/Microsoft.CognitiveServices/accounts/lang-{name}"

    states = cloud.history(azure, account)
    assert [(state["why"], state["keySource"], state["keyUri"]) for state in states] == [
        ("PUT", _MICROSOFT, None),
        ("PATCH", _KEY_VAULT, first),
        ("PATCH", _KEY_VAULT, second),
        ("PATCH", _KEY_VAULT, second),
        ("PATCH", _MICROSOFT, None),
        ("DELETE", _MICROSOFT, None),
        ("purge", _MICROSOFT, None),
    ]
    assert [state["readable"] for state in states] == [True] * 5 + [False] * 2
    assert {state["identity"] for state in states if state["keySource"] == _KEY_VAULT} == {principal}

    events = azure.control(f"/audit?vault={vault}")["value"]
    done = ("KeyCreate", "KeyRotate", "KeyBackup", "KeyDelete", "KeyWrap")
    told = {(one["operation"], one["result"]) for one in events}
    assert told >= {*((name, "Success") for name in done), ("KeyPurge", "Forbidden")}
    used = [one for one in events if one["objectId"] == principal]
    assert {one["keyId"] for one in used if one["operation"] == "KeyWrap"} == {first, second}
    assert {one["result"] for one in used} == {"Success", "Forbidden"}

    assert [cloud.documents(azure, kind) for kind in ("account", "vault", "group")] == [[], [], []]
    assert [deleted["body"]["id"] for deleted in cloud.documents(azure, "vault.deleted")] == [vault]
