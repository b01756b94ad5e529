"""The deploy role that is shipped is enough for whole stacks: with every other action refused, each mode is
made, changed and settles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localazure.assembly import _ANYWHERE, _TYPES
from tests.engine.shared import done
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]

MODES: dict[str, dict[str, Any]] = {
    "system-assigned, access policy": {},
    "system-assigned, RBAC": {
        "accessModel": "rbac",
        "vault": None,
        "audit": {"newWorkspace": True},
    },
    "user-assigned": {"identity": "userAssigned"},
}


def refuse_all_but(azure: RunningAzure, granted: set[str]) -> None:
    """Makes Azure Resource Manager refuse every action that is not granted, as it does for a role without
    it."""
    for route in (*_TYPES, *_ANYWHERE):
        if route.permission and route.permission not in granted:
            denied = (
                "The client 'x' with object id 'y' does not have authorization to perform action "
                f"'{route.permission}' over scope '/z'."
            )
            azure.control(
                "/faults",
                {
                    "host": "arm",
                    "method": route.method,
                    "path": route.template,
                    "times": 0,
                    "status": 403,
                    "code": "AuthorizationFailed",
                    "message": denied,
                },
            )


@pytest.mark.parametrize("mode", MODES)
def test_a_stack_lives_on_the_deploy_role(mode: str, empty_azure: RunningAzure, tmp_path: Path) -> None:
    """Made, settled, changed (a tag, and a new version of the key where access policies let the deployer make
    one) and settled again, with no action but the role's."""
    role = json.loads((ROOT / "docs" / "roles" / "deploy.json").read_text())
    empty_azure.control("/faults", method="DELETE")
    refuse_all_but(empty_azure, set(role["properties"]["permissions"][0]["actions"]))
    try:
        stack = Stack(tmp_path / "language-cmk", empty_azure.environ, policy_pack=False)
        stack.configure(**MODES[mode])
        for settings in ({}, {"tags": {"changed": "yes"}}):
            stack.configure(**settings)
            if settings and "accessModel" not in MODES[mode]:
                stack.configure(key={"generation": 2})
            done(stack.deploy())
            done(stack.preview("--expect-no-changes"))
    finally:
        empty_azure.control("/faults", method="DELETE")
