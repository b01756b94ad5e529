"""Spares the SDK work for each resource that nobody needs, and that was most of its time (docs/speed.md).

- Debug messages: the SDK sends four for each resource and at least one for each call of a function or hook,
  and waits for each. They appear only with `pulumi --debug` and are about the SDK itself. All other messages
  pass.
- Stack traces: the files and lines that made a resource, with every frame of the components and of Python.
  Nothing reads them, but they are a third of the state, which the engine writes before and after each step.
- The types of a class's outputs: the SDK finds them out anew for each resource of the class.
"""

from functools import cache, wraps
from typing import Any

import pulumi
from pulumi import _types
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

# The wording of pulumi 3.259 (runtime/resource.py, invoke.py, rpc_manager.py, _callbacks.py). With another
# wording the messages pass again, which costs only time.
_OF_EACH_CALL = (
    *("registering resource: ", "resource registration prepared: ", "resource registration successful: "),
    *("register resource outputs prepared: ", "beginning rpc "),
    *("Invoking function: ", "Invoking function prepared: "),
    *("Invoke callback ", "do_register_resource_hook ", "do_register_error_hook "),
)


def patch_sdk() -> None:
    """Spares the SDK all three from now on, in this process: for all resources of the program that calls it.
    A second call changes nothing."""
    resource._get_stack_trace = source_pb2.StackTrace  # noqa: SLF001 - the SDK (3.259) has no switch
    passed_on = pulumi.log.debug
    if hasattr(passed_on, "__wrapped__"):
        return
    _types._types_from_annotations = cache(_types._types_from_annotations)  # noqa: SLF001 - as above

    @wraps(passed_on)
    def debug(msg: str, *rest: Any, **named: Any) -> None:
        if not msg.startswith(_OF_EACH_CALL):
            passed_on(msg, *rest, **named)

    pulumi.log.debug = debug
