"""The resource `ManagedHsmRoleAssignment`: an identity that may use a key in a managed HSM.

Owns one grant: the role Managed HSM Crypto Service Encryption User, at the key, for one principal. The roles
of an HSM are its own and are given on its data plane, which Resource Manager, and so azure-native, does not
reach.

What counts is that the principal has the role at the key, whatever the assignment's name: a grant that is
there already is taken over, and deleting the resource takes every one of them away. That a grant of the state
is gone is believed when it is answered twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from core import arm_ids, resource_types
from core.arm_ids import ArmId
from core.facts import RoleAssignment
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.failure import ServiceError
from provider.key_access import SEPARATOR, KeyAccessHandler
from provider.resource import Call, Compared, Resource
from provider.wire import Properties, Value

_CONFLICT = 409
_WHY = "the key is given to another identity, or another key is"


class ManagedHsmRoleAssignmentHandler(KeyAccessHandler):
    """Nothing changes in place but a spelling."""

    token = resource_types.HSM_ROLE_ASSIGNMENT
    preview_update, update = Resource.preview_update, Resource.update
    key_input = "scope"
    by_deployer = True
    compared: ClassVar = {"scope": Compared(_WHY), "principalId": Compared(_WHY)}

    async def carry_out(
        self, call: Call, key: ArmId, principal: str, inputs: Properties
    ) -> Mapping[str, Value]:
        return {"assignmentId": (await _give(call, key, principal)).id}

    async def still(
        self, call: Call, key: ArmId, principal: str, known: Properties
    ) -> Mapping[str, Value] | None:
        found = await call.waiter.twice(
            lambda: _found(call, key, principal),
            lambda found: bool(found) or not known.values,
            f"making sure that the access to {key.name} is gone",
        )
        return {"assignmentId": found[0].id} if found else None

    def imported(self, key: ArmId, principal: str) -> Mapping[str, Value]:
        role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
        return {**super().imported(key, principal), "roleDefinitionId": role}

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
