"""azure-native's resources and functions by their tokens, with the names that they have on the wire.

The components import no module of azure-native's SDK, whose classes of inputs and outputs took a fifth of the
processor time of a preview of one service, and 23 MiB (docs/speed.md). The engine gets the same
registrations, without 17 to 25 aliases each, such as `azure-native:keyvault/v20230201:Vault`: only a state
with versioned types needs them, and resolving them took nearly all the time of a large preview. The package
stays a dependency: the engine takes the plugin of its version.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.runtime import invoke_output

from core import arm_ids, resource_types

PACKAGE: Final = "azure-native"
_AT_WHICH_VERSION: Final = "azureApiVersion"
"""The output that says which version of the API wrote a resource. That is no property of it."""


@cache
def plugin_version() -> str:
    """The version of azure-native's plugin that belongs to the installed package. Raises ImportError where
    the package is missing."""
    found = find_spec("pulumi_azure_native")  # it does not import the package
    if found is None or found.origin is None:
        raise ImportError("the package pulumi-azure-native is not installed")
    version: str = json.loads(Path(found.origin).with_name("pulumi-plugin.json").read_text("utf-8"))[
        "version"
    ]
    return version


class AzureResource(pulumi.CustomResource):
    """A resource of azure-native. Key Vault's have types that pin the API version (core/resource_types.py);
    the engine takes over a state with the former type and proposes no change."""

    name: pulumi.Output[str]
    """Its name in Azure."""
    properties: pulumi.Output[Any]
    """Its properties, by the names that Azure has; None for a type without."""
    etag: pulumi.Output[str | None]
    """Azure's mark of its last write; None for a type without."""

    def __init__(
        self, token: str, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        own = pulumi.ResourceOptions(version=plugin_version())
        if (former := resource_types.former(token)) != token:
            own.aliases, own.ignore_changes = [pulumi.Alias(type_=former)], [_AT_WHICH_VERSION]
        outputs = {"name": None, "properties": None, "etag": None}
        super().__init__(token, name, {**outputs, **inputs}, pulumi.ResourceOptions.merge(own, opts))


def read_back(
    resource: AzureResource, function: str, parent: pulumi.Resource | None = None, **names: pulumi.Input[str]
) -> pulumi.Output[Any]:
    """Azure's answer about a resource, from a function of azure-native. Its name is known once it exists.

    The preview of any change of a resource leaves its computed outputs unknown, and a grant to an unknown
    identity is previewed as replaced. An invoke with unknown arguments loses their dependencies. The name
    restores these, because policies use them in a preview. The arguments must be outputs of the resource
    itself: with one from a component of another program the SDK (3.259) takes the answer for unknown, even in
    an update.
    """
    group: pulumi.Output[str] = resource.id.apply(arm_ids.group_of)
    opts = pulumi.InvokeOutputOptions(parent=parent or resource, version=plugin_version())
    answer = invoke_output(function, {"resourceGroupName": group, **names}, opts)
    return pulumi.Output.all(resource.name, answer).apply(lambda pair: pair[1])


def value_at(output: pulumi.Output[Any], *path: str) -> pulumi.Output[Any]:
    """The value at a path of names; None if there is none."""

    def found(value: Any) -> Any:
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    return output.apply(found)
