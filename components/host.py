"""Serves the components to programs in other languages, and keeps what the SDK's own host loses.

That host (pulumi 3.259, provider/server.py and provider/experimental/component.py) has these gaps:

- an option that is not set is taken for `false`: here the presence of the fields `protect` and
  `retainOnDelete` counts;
- custom time-outs are read and then dropped;
- an unknown argument is dropped silently, and a group of arguments that is secret or waits for a resource is
  taken for an empty one;
- an error about arguments that ends a Python program without a traceback loses the arguments' paths.
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, get_args

import pulumi
from pulumi.provider import server
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.provider import ConstructResult
from pulumi.provider.server import ProviderServicer

from components.arguments.inputs import read
from components.arguments.problem import InputError
from components.package_schema import NAME, completed
from components.preflight.run import RefusedError
from components.sdk.private import patch_sdk
from core.engine_watch import end_with_engine
from core.garbage import collect_seldom
from core.published import VERSION
from core.resource_types import camel_case


def serve(components: Sequence[type[pulumi.ComponentResource]]) -> None:
    """Serves the components until the engine ends this process. Prints the port first."""
    patch_sdk()
    collect_seldom()
    end_with_engine(sys.argv[1:])
    server.ProviderServicer = ComponentHost  # type: ignore[misc] # the SDK has no other way in
    server.main(Package(components), sys.argv[1:])


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
        """Makes a component. Raises InputPropertiesError for arguments that are wrong or refused, and what
        else the component raises."""
        component = resource_type.rpartition(":")[2]
        make: Callable[..., Any] = self._components[component]
        try:
            args = read(self._forms[component], name, inputs, spelling=camel_case)
            made = make(name, args.as_given, options)
        except InputError as error:
            problems = [*error.problems]
        except RefusedError as error:
            problems = [problem for _, problem in error.problems]
        else:
            return ConstructResult(made.urn, made.outputs())
        raise pulumi.InputPropertiesError(
            f"{name!r} was refused; nothing of it was made or changed",
            [{"property_path": one.path, "reason": one.text} for one in problems],
        )


class ComponentHost(ProviderServicer):
    """The SDK's host, with the options that the caller gave and no others."""

    @staticmethod
    def _construct_options(request: Any) -> pulumi.ResourceOptions:
        options = ProviderServicer._construct_options(request)  # noqa: SLF001 - the SDK has no other way in
        options.protect = request.protect if request.HasField("protect") else None
        options.retain_on_delete = request.retainOnDelete if request.HasField("retainOnDelete") else None
        if request.HasField("customTimeouts"):
            limits = request.customTimeouts
            options.custom_timeouts = pulumi.CustomTimeouts(
                create=limits.create or None, update=limits.update or None, delete=limits.delete or None
            )
        return options
