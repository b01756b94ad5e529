"""A role for one identity at one scope, under a name that follows from the three."""

from typing import Any

import pulumi

from components.declared import Declaration, Declare, Made, then
from core import arm_ids, resource_types, roles
from core.roles import SERVICE_PRINCIPAL, Role


def assign_role(
    name: str,
    role: Role,
    declare: Declare,
    *,
    scope: pulumi.Input[str],
    principal_id: pulumi.Input[str],
    principal_type: str | None = SERVICE_PRINCIPAL,
    argument: str = "",
    **options: Any,
) -> Made:
    """Assigns a role. The type of a new identity must be stated: without it Azure looks the identity up, and
    may not find it yet. With None, Azure looks up which type it is. `argument` is the path of the argument
    that asks for it."""
    place = pulumi.Output.from_input(scope)
    assignment = Declaration(
        resource_types.ROLE_ASSIGNMENT,
        name,
        {
            "roleAssignmentName": pulumi.Output.all(place, principal_id).apply(
                lambda ids: roles.assignment_name(ids[0], ids[1], role.id)
            ),
            "scope": place,
            "roleDefinitionId": then(scope, lambda at: role.definition_id(arm_ids.subscription_of(at))),
            "principalId": principal_id,
            "principalType": principal_type,
        },
        argument,
        at=scope,
    )
    return declare(assignment, **options)
