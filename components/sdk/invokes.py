"""Calls of providers' functions, before anything is made.

Owns: the call and its errors.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_async

from core.refusals import NEEDS_DATA_ROLE
from core.roles import CRYPTO_OFFICER
from core.service.recorded import State, state_of


def missing_data_role(error: str) -> str | None:
    """The fix if azure-native may not read a key: for a vault under Azure RBAC, Resource Manager may demand a
    role on the vault's data, and says so with 400 (pulumi-azure-native#890). None for another error."""
    if NEEDS_DATA_ROLE not in error:
        return None
    return (
        f"fix: give the deploying principal the role {CRYPTO_OFFICER.name!r} on the vault or its resource "
        "group, or set vault.keyOperators: [deployer], which does so before the key is made; it is needed "
        "even to read a key through Resource Manager"
    )


class InvokeError(pulumi.RunError):
    """A provider's function failed; the message is the provider's, such as a refused login."""


async def invoke(token: str, opts: pulumi.InvokeOptions | None = None, **arguments: Any) -> Mapping[str, Any]:
    """The answer of a provider's function, also in a preview. Raises InvokeError."""
    try:
        answer: Mapping[str, Any] | None = await invoke_async(token, arguments, opts)
    except Exception as error:  # the SDK raises nothing narrower for what a provider answers
        raise InvokeError(str(error)) from error
    return answer or {}


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """The answers of calls that run at the same time, once all have ended. Raises the first failure, in the
    order of the calls."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found


async def stack_state() -> State:
    """The stack's state before this run changes anything. Raises InvokeError."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = await invoke("pulumi:pulumi:readStackResourceOutputs", stackName=stack)
    return state_of(answer.get("outputs") or {})
