"""A user-assigned identity, for accounts that are bound to the key in their own create."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import managedidentity

from components.arguments.inputs import UNKNOWN
from components.component import read_back
from components.declared import Declaration, Declare
from core import arm_ids


@dataclass(frozen=True)
class MadeIdentity:
    """An identity that was made; of one that is only asked about, its id is known."""

    id: pulumi.Input[str]
    client_id: pulumi.Input[str]
    principal_id: pulumi.Input[str]


def make_identity(
    name: str,
    arguments: Mapping[str, Any],
    declare: Declare,
    *,
    identity_name: str,
    argument: str,
) -> MadeIdentity:
    """Makes the identity, with the `arguments` that say where. `argument` is the path of the one that names
    it."""
    identity = Declaration(
        managedidentity.UserAssignedIdentity,
        f"{name}-identity",
        arm_ids.USER_ASSIGNED_IDENTITY,
        identity_name,
        {**arguments, "resource_name_": identity_name},
        argument,
    )
    made = declare(identity)
    if made.resource is None:
        return MadeIdentity(made.id, UNKNOWN, UNKNOWN)
    resource = made.resource
    function = managedidentity.get_user_assigned_identity_output
    live = read_back(resource, function, resource_name=resource.name)
    return MadeIdentity(resource.id, live.client_id, live.principal_id)
