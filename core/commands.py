"""Commands that messages of several parts name."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from core import api_versions, arm_ids
from core.published import PACKAGE
from core.roles import SERVICE_PRINCIPAL


def assign_role(scope: str, role_id: str, principal_id: str, *, name: str) -> str:
    """The command of az that gives a role to a service principal, in bash's quotes. `name` is the GUID by
    which a stack knows the assignment, so that it takes it over. Source: az role assignment create."""
    return (
        f"az role assignment create --name {name} --role {role_id} --assignee-object-id {principal_id} "
        f"--assignee-principal-type {SERVICE_PRINCIPAL} --scope {shlex.quote(scope)}"
    )


def in_subscription(id: str) -> str:
    """The option by which a command of az finds what an id names, whichever subscription is selected; "" for
    an id that names none."""
    subscription = arm_ids.subscription_of(id)
    return f" --subscription {shlex.quote(subscription)}" if subscription else ""


def set_policy(vault_id: str, object_id: str, permissions: Iterable[str]) -> str:
    """The command of az that gives an identity these permissions on the keys of a vault."""
    return (
        f"az keyvault set-policy --name {arm_ids.name_of(vault_id)} --object-id {object_id} "
        f"--key-permissions {' '.join(permissions)}{in_subscription(vault_id)}"
    )


def by_policies(vault_id: str) -> str:
    """The command of az that puts a vault under access policies. Source: az keyvault update --help."""
    return _by_model(vault_id, "false")


def by_roles(vault_id: str) -> str:
    """The command of az that puts a vault under Azure RBAC."""
    return _by_model(vault_id, "true")


def _by_model(vault_id: str, rbac: str) -> str:
    name = f"--name {arm_ids.name_of(vault_id)} --enable-rbac-authorization {rbac}"
    return f"az keyvault update {name}{in_subscription(vault_id)}"


def patch(id: str, api_version: str, properties: Mapping[str, Any]) -> str:
    """The command of az that writes some properties of a resource and keeps the others, in bash's quotes.

    `az resource update` reads the resource and writes the answer back, without the properties that Azure
    never shows, so an account would lose the key of its search service. Source: az rest --help, az resource
    update --help (az 2.91.0).
    """
    return (
        f"az rest --method patch --url {shlex.quote(f'{id}?api-version={api_version}')} "
        f"--body {shlex.quote(json.dumps({'properties': properties}))}"
    )


def opt_out(account_id: str) -> str:
    """What to do so that Azure does not turn an account into a Foundry resource by itself."""
    command = patch(account_id, api_versions.UPGRADES, {"foundryAutoUpgrade": {"mode": "Disabled"}})
    return (
        f"set foundryAutoUpgrade: disabled in the settings of its stack or, if it has none, run `{command}`"
    )


STACK: Final = "STACK"
"""Stands for a stack's name where nothing knows it; whoever does puts it there."""
_HOME: Final = Path(__file__).resolve().parents[1]
PROGRAM: Final = "language-cmk"
"""The command that the installed package brings."""


def operate(words: str) -> str:
    """A command of `operate`: by the installed package's own name where that is on the PATH, else by the
    interpreter that runs this, because another one may not have its packages. Below the working directory
    the interpreter's path is relative, as people type it."""
    is_installed = PACKAGE != ""
    if is_installed and shutil.which(PROGRAM):
        return f"{PROGRAM} {words}"
    python, here = Path(os.path.normpath(sys.executable)), Path.cwd()
    if python.is_relative_to(here):
        python = python.relative_to(here)
    if is_installed:
        return f"{shlex.quote(str(python))} -m language_cmk {words}"
    # Beside a clone, Python finds the clone's modules only by this.
    path = "" if (here / "operate").is_dir() else f"PYTHONPATH={shlex.quote(str(_HOME))} "
    return f"{path}{shlex.quote(str(python))} -m operate {words}"


def take_over(stack: str = STACK) -> str:
    """The way out if a resource exists and the stack's state lacks it."""
    return (
        f"if this stack made it, run `{operate(f'recover --stack {stack}')}`, which lists what the state "
        "lacks and with --yes takes it in"
    )


def adopt(account_id: str) -> str:
    """The way out if an account exists and no stack records it."""
    return (
        "if it was made elsewhere, take it into a stack of its own with "
        f"`{operate(f'adopt --stack NEW --account {account_id} --name NAME')}`"
    )


def refreshed(stack: str = "") -> str:
    """The update that reads all resources before it, by the login of the configuration; of the selected stack
    without `stack`.

    Source: `pulumi up --help` (3.259): without --run-program a refresh takes the settings of providers, and
    so a client secret that was changed since, from the state.
    """
    named = f" --stack {stack}" if stack else ""
    return f"pulumi up{named} --refresh --run-program"


def log_in_anew(said: str, stack: str = "") -> str:
    """The way out if Microsoft Entra refused the client secret of the last update. `said` is the error of the
    command that failed; "" for any other error. Without `stack`, the command is for the selected stack."""
    if "AADSTS7000215" not in said:
        return ""
    return (
        "a refresh logs in with the client secret of the last update; if that was wrong or was changed "
        "since, correct it in the configuration or remove it there, and run "
        f"`{refreshed(stack)}`, which takes the login from the configuration"
    )
