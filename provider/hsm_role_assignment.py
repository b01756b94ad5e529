"""The resource `ManagedHsmRoleAssignment`: an identity that may use a key in a managed HSM.

Owns one grant: the role Managed HSM Crypto Service Encryption User, at the key, for one principal. The roles
of an HSM are its own and are given on its data plane, which Resource Manager, and so azure-native, does not
reach.

What counts is that the principal has the role at the key, whatever the assignment's name: a grant that is
there already is taken over, and deleting the resource takes every one of them away. That a grant of the state
is gone is believed when it is answered twice.
"""

from __future__ import annotations

from typing import ClassVar

from core import arm_ids, resource_types
from core.arm_ids import ArmId
from core.facts import RoleAssignment
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.difference import Compared
from provider.error_table import ErrorContext
from provider.errors import service_message
from provider.failure import ServiceError
from provider.key_access import SEPARATOR
from provider.resource import Call, Resource, State
from provider.wire import Properties

_CONFLICT = 409
_WHY = "the key is given to another identity, or another key is"


class ManagedHsmRoleAssignmentHandler(Resource):
    """The id is `KEY_ID|PRINCIPAL_ID`. Nothing changes in place but a spelling."""

    token = resource_types.HSM_ROLE_ASSIGNMENT
    compared: ClassVar = {"scope": Compared(_WHY), "principalId": Compared(_WHY)}

    def context(self, id: str, properties: Properties) -> ErrorContext:
        key_id, _, principal = id.partition(SEPARATOR)
        return ErrorContext.of_key(
            key_id or properties.text("scope"),
            principal or properties.text("principalId"),
            by_deployer=True,
        )

    async def create(self, call: Call, inputs: Properties) -> State:
        key, principal = arm_ids.key_id(str(inputs.values["scope"])), str(inputs.values["principalId"])
        given = await _give(call, key, principal)
        return State(f"{key.text}{SEPARATOR}{principal}", {**inputs.values, "assignmentId": given.id})

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when the principal has the role at the key no longer.

        What cannot be read is taken to be as it was: a preview may run where the HSM's network lets nobody
        in.
        """
        text, _, principal = id.partition(SEPARATOR)
        key = arm_ids.key_id(text)
        try:
            found = await call.waiter.twice(
                lambda: _found(call, key, principal),
                lambda found: bool(found) or not olds.values,
                f"making sure that the access to {key.name} is gone",
            )
        except ServiceError as failure:
            if not olds.values:
                raise
            await call.warn(f"not checked: {service_message(failure)}")
            return State(id, olds.values, inputs.values)
        if not found:
            return State("")
        role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
        written = {"scope": key.text, "principalId": principal, "roleDefinitionId": role, **inputs.values}
        return State(id, {**written, "assignmentId": found[0].id}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        text, _, principal = id.partition(SEPARATOR)
        key = arm_ids.key_id(text)
        if await call.azure.vault(key.parent) is None:
            return
        for one in await _found(call, key, principal):
            await call.azure.delete_role_assignment(one.id)


async def _give(call: Call, key: ArmId, principal: str) -> RoleAssignment:
    if found := await _found(call, key, principal):
        await call.inform(f"the identity {principal} has the role at the key {key.name} already")
        return found[0]
    try:
        return await call.azure.assign_hsm_role(key.text, principal)
    except ServiceError as failure:
        # The answer to a first try may have been lost.
        if failure.status == _CONFLICT and (found := await _found(call, key, principal)):
            return found[0]
        raise


async def _found(call: Call, key: ArmId, principal: str) -> list[RoleAssignment]:
    """The principal's assignments of the role at the key itself."""
    return [
        one
        for one in await call.azure.own_role_assignments(key.text, principal)
        if one.role_id == HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id and arm_ids.same(one.scope, key.text)
    ]
