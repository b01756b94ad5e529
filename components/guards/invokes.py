"""Questions to providers, as a program asks them before it makes anything.

Owns: the call, and what their answers look like where a thing is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_async

# An id in the text of another refusal may hold these digits, too: only the status itself counts.
_ABSENT = re.compile(
    r"\bStatus=404\b|\bstatus code 404\b|\bRESPONSE 404\b|\b404 Not Found\b|\b[A-Za-z]*NotFound\b"
)


def is_absent(error: str) -> bool:
    """Whether azure-native's answer to a function says that the resource is not there."""
    return _ABSENT.search(error) is not None


class InvokeError(pulumi.RunError):
    """A provider refused a question, in its own words. Such as a login that Azure does not accept: nothing
    that a traceback would explain."""


async def invoke(token: str, opts: pulumi.InvokeOptions | None = None, **arguments: Any) -> Mapping[str, Any]:
    """What a provider's function answers; also in a preview. Raises InvokeError."""
    try:
        answer: Mapping[str, Any] | None = await invoke_async(token, arguments, opts)
    except Exception as error:  # the SDK raises nothing narrower for what a provider answers
        raise InvokeError(str(error)) from error
    return answer or {}
