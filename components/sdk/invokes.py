"""Calls of providers' functions, before anything is made.

Owns: the call and its errors.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_async


class InvokeError(pulumi.RunError):
    """A provider's function failed; the message is the provider's, such as a refused login."""


async def invoke(token: str, opts: pulumi.InvokeOptions | None = None, **arguments: Any) -> Mapping[str, Any]:
    """The answer of a provider's function, also in a preview. Raises InvokeError."""
    try:
        answer: Mapping[str, Any] | None = await invoke_async(token, arguments, opts)
    except Exception as error:  # the SDK raises nothing narrower for what a provider answers
        raise InvokeError(str(error)) from error
    return answer or {}


async def stack_resources() -> Mapping[str, Any]:
    """The outputs of the stack's resources before this run changes anything, by URN. Raises InvokeError."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = await invoke("pulumi:pulumi:readStackResourceOutputs", stackName=stack)
    return answer.get("outputs") or {}
