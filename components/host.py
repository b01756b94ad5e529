"""Serves the components to programs in other languages, and keeps what the SDK's own host loses.

That host (pulumi 3.259, provider/server.py and provider/experimental/component.py) has these gaps:

- an option that is not set is taken for `false`: here the presence of the fields `protect` and
  `retainOnDelete` counts;
- custom time-outs are read and then dropped;
- an unknown argument is dropped silently, and a group of arguments that is secret or waits for a resource is
  taken for an empty one;
- an error about arguments reaches the caller as a traceback, without the arguments' paths.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, get_args

import grpc
import pulumi
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.provider import ConstructResult
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc
from pulumi.runtime.sync_await import _sync_await

from components.arguments.inputs import Argument, Arguments, arguments, camel_case
from components.package_schema import NAME, completed
from components.preflight import RefusedError
from components.sdk_debug import drop_sdk_debug_messages, drop_stack_traces
from core.published import VERSION

_GRPC_OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


def serve(components: Sequence[type[pulumi.ComponentResource]]) -> None:
    """Serves the components until the engine ends this process. Prints the port first."""
    parser = argparse.ArgumentParser(description="Pulumi component provider")
    parser.add_argument("engine", help="address of the Pulumi engine")
    known, _ = parser.parse_known_args()
    drop_sdk_debug_messages()
    drop_stack_traces()
    package = Package(components)

    async def until_ended() -> None:
        server = grpc.aio.server(options=_GRPC_OPTIONS)
        host = ComponentHost(package, sys.argv[1:], engine_address=known.engine)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(host, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await server.wait_for_termination()

    with suppress(KeyboardInterrupt):
        asyncio.run(until_ended())


class Package(ComponentProvider):
    """The components and their schema."""

    def __init__(self, components: Sequence[type[pulumi.ComponentResource]]) -> None:
        for component in components:
            # A Python program may write a dictionary, too; the analyzer reads one type.
            written = component.__init__.__annotations__
            written["args"] = next(iter(get_args(written["args"])), written["args"])
        super().__init__([*components], NAME, None, VERSION)
        self._forms = {one.__name__: one.__init__.__annotations__["args"] for one in components}
        self.schema = json.dumps(completed(json.loads(self.schema or "{}")))

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Makes a component. Raises what the component raises."""
        component = resource_type.rpartition(":")[2]
        make: Callable[..., Any] = self._components[component]
        made = make(name, _by_python_names(self._forms[component], inputs), options)
        return ConstructResult(made.urn, made.outputs())


def _by_python_names(form: type[Arguments], given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by their Python names; an unknown one keeps its own, and the component refuses it."""
    declared = arguments(form)
    names = {camel_case(name): name for name in declared}
    found = {names.get(name, name): value for name, value in given.items()}
    return {name: _inside(declared.get(name), value) for name, value in found.items()}


def _inside(declared: Argument | None, value: Any) -> Any:
    if declared is None or declared.form is None:
        return value
    if isinstance(value, list):
        return [_inside(declared, one) for one in value]
    value = _spread(value)
    return _by_python_names(declared.form, value) if isinstance(value, Mapping) else value


class ComponentHost(ProviderServicer):
    """The SDK's host, with errors by argument and options that the caller left out."""

    async def Construct(self, request: Any, context: Any) -> Any:
        """Makes a component. Problems with its arguments are reported by their paths."""
        try:
            return await self._construct(request, context)
        except RefusedError as refused:
            wrong = [(problem.path, problem.text) for _, problem in refused.problems]
        except pulumi.InputPropertiesError as error:
            wrong = [(one["property_path"], one["reason"]) for one in error.errors or ()]
        except pulumi.InputPropertyError as error:
            wrong = [(error.property_path, error.reason)]
        except pulumi.RunError as error:
            # No argument is wrong: Azure did not accept the login, for example.
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
            raise
        return await context.abort_with_status(self._status(request.name, wrong))

    def _status(self, name: str, wrong: Sequence[tuple[str, str]]) -> Any:
        message = f"{name!r} was refused; nothing of it was made or changed"
        details = [{"property_path": path, "reason": reason} for path, reason in wrong]
        return self.create_grpc_invalid_properties_status(message, details)  # type: ignore[arg-type]

    @staticmethod
    def _construct_options(request: Any) -> pulumi.ResourceOptions:
        options = ProviderServicer._construct_options(request)  # noqa: SLF001 - the SDK has no other way in
        options.protect = request.protect if request.HasField("protect") else None
        options.retain_on_delete = request.retainOnDelete if request.HasField("retainOnDelete") else None
        options.ignore_changes = list(request.ignoreChanges) or None
        options.replace_on_changes = list(request.replaceOnChanges) or None
        if request.HasField("customTimeouts"):
            limits = request.customTimeouts
            options.custom_timeouts = pulumi.CustomTimeouts(
                create=limits.create or None, update=limits.update or None, delete=limits.delete or None
            )
        return options


def _spread(value: Any) -> Any:
    """Turns a group of arguments that is one output into one output for each argument, which is secret and
    waits for resources as the group does. A group that is not known yet stays as it is."""
    known = _sync_await(value.future()) if isinstance(value, pulumi.Output) else None
    if not isinstance(known, Mapping):
        return value
    return {name: value.apply(lambda whole, name=name: whole[name]) for name in known}
