"""Follows the az commands that a message prints, as far as tests need them, in a cloud of this process.

The commands are those of the Azure CLI; what each does there is the request that the CLI makes.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Any

from localazure.authorization import assign_role
from tests.support.local_deployment import Deployment


def follow(deployment: Deployment, message: str) -> int:
    """Runs every command in backticks, as somebody who may. Returns how many there were. Raises ValueError
    for one that is not known here."""
    commands = re.findall(r"`(az [^`]+)`", message)
    for command in commands:
        words = shlex.split(command)
        nouns = [word for word in words[1:] if not word.startswith("--")]
        options = {
            name.removeprefix("--"): value
            for name, value in itertools.pairwise(words)
            if name.startswith("--")
        }
        _run(deployment, " ".join(nouns), options)
    return len(commands)


def _run(deployment: Deployment, command: str, options: dict[str, str]) -> None:
    if command.startswith("role assignment create"):
        assign_role(deployment.door.cloud, options["assignee"], options["role"], options["scope"])
    elif command.startswith("lock delete"):
        _done(deployment, "DELETE", options["ids"], api="2020-05-01")
    elif command.startswith("provider register"):
        subscription = deployment.subscription
        path = f"{subscription}/providers/{options['namespace']}/register"
        _done(deployment, "POST", path, api="2021-04-01")
    elif command.startswith("group create"):
        path = f"{deployment.subscription}/resourceGroups/{options['name']}"
        _done(deployment, "PUT", path, {"location": options["location"]}, api="2022-09-01")
    elif command.startswith("policy exemption create"):
        path = f"{options['scope']}/providers/Microsoft.Authorization/policyExemptions/{options['name']}"
        properties = {
            "policyAssignmentId": options["policy-assignment"],
            "exemptionCategory": options["exemption-category"],
        }
        _done(deployment, "PUT", path, {"properties": properties}, api="2022-07-01-preview")
    elif command.startswith("keyvault update"):
        _update_vault(deployment, options)
    else:
        raise ValueError(f"unknown command {command!r}")


def _update_vault(deployment: Deployment, options: dict[str, str]) -> None:
    listed = deployment.arm("GET", f"{deployment.subscription}/providers/Microsoft.KeyVault/vaults")
    (found,) = [one for one in listed.body["value"] if one["name"] == options["name"]]
    properties: dict[str, Any] = {}
    if "enable-purge-protection" in options:
        properties["enablePurgeProtection"] = True
    if "bypass" in options:
        properties["networkAcls"] = {**found["properties"]["networkAcls"], "bypass": options["bypass"]}
    _done(deployment, "PATCH", found["id"], {"properties": properties}, api="2024-11-01")


def _done(deployment: Deployment, method: str, path: str, body: Any = None, *, api: str) -> None:
    reply = deployment.arm(method, path, body, api=api)
    if reply.status >= 400:
        raise ValueError(f"{method} {path}: {reply.status} {reply.body}")
