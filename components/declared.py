"""One declaration for each resource in Azure: one loop registers it, another asks Azure about it before.

Owns: the declaration and its registration. Does not own: a service's declarations (the parts), nor the
questions (planned.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import pulumi

from components.azure_cmk import OWN_TYPES
from components.azure_failures import waiting_hooks
from components.azure_native import AzureResource
from components.component import ChildOptions
from core import arm_ids
from core import resource_types as types

T = TypeVar("T")


IN_RESOURCE_MANAGER: Mapping[str, tuple[str, str]] = {
    types.RESOURCE_GROUP: (arm_ids.RESOURCE_GROUP, "resourceGroupName"),
    types.VAULT: (arm_ids.VAULT, "vaultName"),
    types.KEY: (arm_ids.KEY, "keyName"),
    types.ACCOUNT: (arm_ids.ACCOUNT, "accountName"),
    types.PROJECT: (f"{arm_ids.ACCOUNT}/projects", "projectName"),
    types.DEPLOYMENT: (f"{arm_ids.ACCOUNT}/deployments", "deploymentName"),
    types.USER_ASSIGNED_IDENTITY: (arm_ids.USER_ASSIGNED_IDENTITY, "resourceName"),
    types.WORKSPACE: (arm_ids.WORKSPACE, "workspaceName"),
    types.DIAGNOSTIC_SETTING: (arm_ids.DIAGNOSTIC_SETTING, "name"),
    types.PRIVATE_ENDPOINT: (arm_ids.PRIVATE_ENDPOINT, "privateEndpointName"),
    types.PRIVATE_ZONE_GROUP: (arm_ids.DNS_ZONE_GROUP, "privateDnsZoneGroupName"),
    # Its name follows from the identity, which may be made first.
    types.ROLE_ASSIGNMENT: (arm_ids.ROLE_ASSIGNMENT, "new"),
    types.ACCESS_POLICY: (f"{arm_ids.VAULT}/accessPolicies", "add"),
}
"""The type in Resource Manager, and the argument that is the name there, or else the name itself."""


@dataclass(frozen=True)
class Declaration:
    """One resource: `token` is its type in Pulumi, with `arguments` by their names on the wire, and `name` is
    its logical name.

    `argument` is the path of the argument that names it, `existing_argument` the path of the argument for an
    existing resource in its place; `at` is the id of the resource that it is in or at, "" for the service's
    group.
    """

    token: str
    name: str
    arguments: Mapping[str, Any]
    argument: str = ""
    existing_argument: str = ""
    at: pulumi.Input[str] = ""

    @property
    def type(self) -> str:
        """Its type in Resource Manager; "" if it has none there."""
        return IN_RESOURCE_MANAGER.get(self.token, ("", ""))[0]

    @property
    def azure_name(self) -> pulumi.Input[str]:
        """Its name in Resource Manager."""
        name = IN_RESOURCE_MANAGER.get(self.token, ("", ""))[1]
        found: pulumi.Input[str] = self.arguments.get(name, name)
        return found


class Made(NamedTuple):
    """A declared resource. `resource` is None if Azure is only asked about it: values that are known before
    it exists are then plain text."""

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    resource: Any

    @property
    def resources(self) -> list[pulumi.Resource]:
        """The list that later resources depend on."""
        return [self.resource] if self.resource is not None else []


Declare = Callable[..., Made]
"""Takes a declaration and further options of its resource. `waits_for_access` names a service and its write
that is tried again while access may not count yet; `guard` are hooks that may fail its writes."""


@dataclass(frozen=True)
class Registering:
    """Registers declared resources with the options of a component's children; changes of the properties
    `kept` are ignored."""

    options: ChildOptions
    kept: Sequence[str] = ()

    def __call__(
        self,
        declared: Declaration,
        *,
        waits_for_access: tuple[str, str] | None = None,
        guard: pulumi.ResourceHookBinding | None = None,
        **options: Any,
    ) -> Made:
        """The resource."""
        if waits_for_access and (hooks := waiting_hooks(*waits_for_access)):
            options["hooks"] = pulumi.ResourceHookBinding(on_error=[*hooks])
        if ignored := [*self.kept, *(options.pop("ignore_changes", None) or ())]:
            options["ignore_changes"] = ignored
        opts = self.options(**options)
        if guard:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=guard))
        if own := OWN_TYPES.get(declared.token):
            resource: Any = own(declared.name, opts, **declared.arguments)
        else:
            resource = AzureResource(declared.token, declared.name, declared.arguments, opts)
        return Made(resource.id, getattr(resource, "name", declared.azure_name), resource)


def then(value: pulumi.Input[str], follows: Callable[[str], T]) -> pulumi.Input[T]:
    """Applies `follows` to a text: at once if it is known, else once it is."""
    if isinstance(value, str):
        return follows(value)
    known: pulumi.Output[str] = pulumi.Output.from_input(value)
    return known.apply(follows)
