"""What tests of the real engine ask the local Azure itself, past Pulumi: it is the judge."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile, groupby
from typing import Any

from localazure.seed import DEPLOYER, SUBSCRIPTION_ID
from tests.support.arm_client import ARM, ask
from tests.support.azure import RunningAzure

_LANGUAGE_OWNER = "f07febfe-79bc-46b1-8b37-790e26e6e498"


def let_deployer_call(azure: RunningAzure, role: str = _LANGUAGE_OWNER) -> None:
    """Gives the deployer a role in the subscription, by default the one by which it reads and writes the data
    of every Language account."""
    authorization = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization"
    definition = f"{authorization}/roleDefinitions/{role}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": DEPLOYER.object_id}}
    ask(azure.env, "PUT", f"https://{ARM}{authorization}/roleAssignments/{role}?api-version=2022-04-01", body)


def history(azure: RunningAzure, account_id: str) -> list[dict[str, Any]]:
    """An account's encryption, every state it was ever in, oldest first."""
    found: list[dict[str, Any]] = azure.control(f"/history?account={account_id}")["value"]
    return found


def unbound_moments(azure: RunningAzure, account_id: str) -> list[dict[str, Any]]:
    """The states after the first binding in which the account was not under a customer's key."""
    states = history(azure, account_id)
    if not any(since_bound(states)):
        raise AssertionError(f"{account_id} was never bound: {states}")
    return [state for state in since_bound(states) if state["keySource"] != "Microsoft.KeyVault"]


def since_bound(states: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The states of an account from the first one on that has it under a customer's key."""
    return dropwhile(lambda state: state["keySource"] != "Microsoft.KeyVault", states)


def bound_keys(azure: RunningAzure, account_id: str) -> list[str]:
    """The key versions an account was bound to, one after another, without repetitions."""
    keys = (state["keyUri"] for state in history(azure, account_id) if state["keyUri"])
    return [key for key, _ in groupby(keys)]


def documents(azure: RunningAzure, kind: str) -> list[dict[str, Any]]:
    """What the cloud holds of a kind: `account`, `vault`, `group`."""
    found: list[dict[str, Any]] = azure.control(f"/documents?kind={kind}")["value"]
    return found
