"""All that the components use of the SDK's private parts (pulumi 3.259), and what they change in it.

Owns: each such part, under a name of its own; tests/components/test_sdk.py names those that a release of the
SDK has moved. What `patch_sdk` takes out was most of the SDK's time for a resource (docs/speed.md):

- Debug messages: the SDK sends four for each resource and at least one for each call of a function or hook,
  and waits for each. They appear only with `pulumi --debug` and are about the SDK itself. All other messages
  pass.
- Stack traces: the files and lines that made a resource, with every frame of the components and of Python.
  Nothing reads them, but they are a third of the state, which the engine writes before and after each step.
- The types of a class's outputs: the SDK finds them out anew for each resource of the class.
"""

from collections.abc import Awaitable
from functools import cache, wraps
from typing import Any, TypeVar

import pulumi
from pulumi import _types
from pulumi.runtime import resource, settings
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.sync_await import _sync_await

T = TypeVar("T")

# The wording of pulumi 3.259 (runtime/resource.py, invoke.py, rpc_manager.py, _callbacks.py). With another
# wording the messages pass again, which costs only time.
_OF_EACH_CALL = (
    *("registering resource: ", "resource registration prepared: ", "resource registration successful: "),
    *("register resource outputs prepared: ", "beginning rpc "),
    *("Invoking function: ", "Invoking function prepared: "),
    *("Invoke callback ", "do_register_resource_hook ", "do_register_error_hook "),
)


def wait_for(answer: Awaitable[T]) -> T:
    """The result of something that the program waits for, also where its event loop runs. Raises what that
    raises."""
    found: T = _sync_await(answer)
    return found


def serve_callbacks() -> None:
    """Starts the server on which the engine calls back. The SDK would start one for each hook: each is
    declared in a task of its own, which the others do not see."""
    settings.SETTINGS.callbacks = wait_for(settings._get_callbacks())  # noqa: SLF001


def call_from_another_loop() -> None:
    """Gives this context a manager of calls of its own: the program's holds the tasks of the program's loop,
    which another loop cannot wait for."""
    settings.SETTINGS.rpc_manager = RPCManager()  # type: ignore[no-untyped-call]


def has_transforms(component: pulumi.Resource) -> bool:
    """Whether the program has a transform for every resource, or for a component and what is around it. Where
    another SDK keeps them elsewhere, there may be some."""
    servicers = getattr(getattr(settings, "_CallbackServicer", None), "_servicers", [None])
    served = any(getattr(one, "_transforms", True) for one in servicers)
    return bool(served or getattr(component, "_transformations", True))


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
