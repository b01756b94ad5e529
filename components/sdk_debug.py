"""Drops the debug messages that the SDK sends to the engine for each resource and each function call.

The SDK sends four per resource and waits for each: more than a quarter of the time of a large preview
(docs/speed.md). They appear only with `pulumi --debug` and are about the SDK itself. All other messages pass.
Set LANGUAGE_CMK_SDK_DEBUG=keep to debug the SDK.
"""

import os
from functools import wraps
from typing import Any

import pulumi

# The wording of pulumi 3.259 (runtime/resource.py, invoke.py, rpc_manager.py). With another wording the
# messages pass again, which costs only time.
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
    """Drops them from now on, in this process: for all resources of the program that calls it."""
    passed_on = pulumi.log.debug
    if os.environ.get("LANGUAGE_CMK_SDK_DEBUG") == "keep" or hasattr(passed_on, "__wrapped__"):
        return

    @wraps(passed_on)
    def debug(msg: str, *rest: Any, **named: Any) -> None:
        if not msg.startswith(_OF_EACH_CALL):
            passed_on(msg, *rest, **named)

    pulumi.log.debug = debug
