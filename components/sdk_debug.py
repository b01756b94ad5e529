"""Leaves out the debug messages that the SDK sends to the engine about each resource and each function.

Owns: that one saving. The SDK sends four for each resource, and the program stands still until the engine has
each: in a large preview that is more than a quarter of all time (docs/speed.md). They are shown only with
`pulumi --debug` and speak of the SDK itself; every other message passes, also the SDK's own on what fails.
Who looks for a fault in the SDK sets LANGUAGE_CMK_SDK_DEBUG=keep.
"""

from __future__ import annotations

import os
from functools import wraps
from typing import Any

import pulumi

# As pulumi 3.259 words them (runtime/resource.py, invoke.py, rpc_manager.py). Worded anew they would pass
# again, which costs time and nothing else.
_OF_EACH_CALL = (
    "registering resource: ",
    "beginning rpc ",
    "resource registration prepared: ",
    "resource registration successful: ",
    "register resource outputs prepared: ",
    "Invoking function: ",
    "Invoking function prepared: ",
)


def drop_sdk_debug_messages() -> None:
    """From now on, in this process. A program calls it, for it holds for all of its resources."""
    passed_on = pulumi.log.debug
    if os.environ.get("LANGUAGE_CMK_SDK_DEBUG") == "keep" or hasattr(passed_on, "__wrapped__"):
        return

    @wraps(passed_on)
    def debug(msg: str, *rest: Any, **named: Any) -> None:
        if not msg.startswith(_OF_EACH_CALL):
            passed_on(msg, *rest, **named)

    pulumi.log.debug = debug
