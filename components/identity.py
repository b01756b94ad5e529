"""A user-assigned identity, for accounts that are bound to the key in their own create."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import managedidentity

from components.arguments import names
from components.arguments.inputs import ComponentArguments, argument, read
from components.arguments.tags import Tags, checked_tags
from components.component import ChildOptions, Component, read_back
from core import arm_ids
from core.regions import region


@dataclass(frozen=True, kw_only=True)
class EncryptionIdentityArgs(ComponentArguments):
    """Inputs of EncryptionIdentity."""

    resource_group_name: pulumi.Input[str] = argument(check=names.RESOURCE_GROUP.checked)
    """Required. The group the identity is in."""
    location: pulumi.Input[str] = argument(check=region, example="westeurope")
    """Required. The region."""
    identity_name: str = argument("", check=names.IDENTITY.checked, derive=names.by_rule("identity"))
    """Optional. Default `id-<name>`."""
    tags: Tags | None = argument(None, check=checked_tags)
    """Optional. Tags of the identity."""


@dataclass(frozen=True)
class MadeIdentity:
    """An identity that was made."""

    id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]
    tenant_id: pulumi.Output[str]


def make_identity(inputs: EncryptionIdentityArgs, options: ChildOptions) -> MadeIdentity:
    """Makes the identity."""
    opts = options()
    identity = managedidentity.UserAssignedIdentity(
        f"{inputs.name}-identity",
        resource_group_name=inputs.resource_group_name,
        resource_name_=inputs.identity_name,
        location=inputs.location,
        tags=inputs.tags,
        opts=opts,
    )
    live = read_back(
        identity.name,
        managedidentity.get_user_assigned_identity_output(
            resource_name=identity.name,
            resource_group_name=identity.id.apply(arm_ids.group_of),
            opts=pulumi.InvokeOutputOptions(parent=opts.parent),
        ),
    )
    return MadeIdentity(identity.id, live.client_id, live.principal_id, live.tenant_id)


class EncryptionIdentity(Component):
    """An identity that exists before the account, so that it can be granted the key before the account is
    made.

    Produces: azure-native:managedidentity:UserAssignedIdentity.
    """

    identity_id: pulumi.Output[str]
    """The identity's ARM id."""
    client_id: pulumi.Output[str]
    """What the account names it by in its encryption."""
    principal_id: pulumi.Output[str]
    """What access is granted to."""
    tenant_id: pulumi.Output[str]
    """The tenant of the identity."""

    def __init__(
        self,
        name: str,
        args: EncryptionIdentityArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = read(EncryptionIdentityArgs, name, args)
        super().__init__(name, opts)
        identity = make_identity(inputs, self.protected_child)
        self.identity_id, self.client_id = identity.id, identity.client_id
        self.principal_id, self.tenant_id = identity.principal_id, identity.tenant_id
        self.register_outputs(self.outputs())
