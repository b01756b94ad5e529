"""azure-native's types of Key Vault, at an API version that Azure does not retire soon.

The SDK's classes ask by version 2024-11-01, which Azure refuses from 27 February 2027 (core/api_versions.py).
The plugin knows each newer version, too, under a type token that pins it; the engine takes over a state with
the former token and proposes no change. `pulumi package add azure-native keyvault 2026-02-01` would make a
package of its own for the version: its provider is configured apart from azure-native's, takes no
`azure_native.Provider` of a program, and leaves out what azure-native does by its own code, such as deleting
a key (pulumi-azure-native, provider/pkg/provider/provider.go, Configure; pull request #4755; 2026-11-28).
"""

from functools import cache
from typing import Any, TypeVar

import pulumi

from core import resource_types

R = TypeVar("R", bound=pulumi.CustomResource)


class _Pinned(pulumi.CustomResource):
    def __init__(
        self,
        token: str,
        name: str,
        props: Any = None,
        opts: pulumi.ResourceOptions | None = None,
        *rest: Any,
        **more: Any,
    ) -> None:
        own = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(type_=token)],
            # Which version wrote a resource is no property of it.
            ignore_changes=["azureApiVersion"],
        )
        opts = pulumi.ResourceOptions.merge(opts, own)
        super().__init__(resource_types.current(token), name, props, opts, *rest, **more)


@cache
def pinned(resource: type[R]) -> type[R]:
    """A class of the SDK (`keyvault.Vault`, `keyvault.Key`) whose type token pins the version."""
    # The SDK's class hands its token to the next class in line.
    return type(resource.__name__, (resource, _Pinned), {})
