"""What the resources about an identity's access to a key have in common.

Owns what an identity has at a key, and its removal. Of the revocation and the validation also their id,
`KEY_ID|PRINCIPAL_ID`, and their life: they stand for no resource of Azure, their creation carries something
out, another key or identity is another resource, and deleting them changes nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial

from core import arm_ids, facts, rights
from core.arm_ids import ArmId
from core.facts import PolicyEntry, RoleAssignment
from core.refusals import SECOND_LOOK_SECONDS
from provider.error_table import ErrorContext
from provider.errors import service_message
from provider.failure import ServiceError
from provider.resource import Call, Resource, State
from provider.wire import Properties, Value

SEPARATOR = "|"


class KeyAccessHandler(Resource):
    """Something that is carried out about one identity's access to one key."""

    @abstractmethod
    async def carry_out(
        self, call: Call, key: ArmId, principal: str, inputs: Properties
    ) -> Mapping[str, Value]:
        """Does what the creation is for; gives the outputs. Raises ServiceError."""

    @abstractmethod
    async def still(
        self, call: Call, key: ArmId, principal: str, known: Properties
    ) -> Mapping[str, Value] | None:
        """The outputs that were read again; None when it no longer holds. Raises ServiceError.

        `known` are the outputs of the state, or the inputs where there is none.
        """

    def context(self, id: str, properties: Properties) -> ErrorContext:
        key_id, _, principal = id.partition(SEPARATOR)
        return ErrorContext.of_key(
            key_id or properties.text("keyId"), principal or properties.text("principalId")
        )

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return State(id, (await self.preview_create(call, news)).outputs)

    async def create(self, call: Call, inputs: Properties) -> State:
        id = _id(inputs)
        outputs = await self.carry_out(call, *_key_and_principal(id), inputs)
        return State(id, {**inputs.values, **outputs})

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self.create(call, news)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when it no longer holds, so that the next update carries it out again.

        What may not be read is taken to be as it was.
        """
        key, principal = _key_and_principal(id)
        try:
            outputs = await self.still(call, key, principal, olds if olds.values else inputs)
        except ServiceError as failure:
            await call.inform(f"not checked: {service_message(failure)}")
            return State(id, olds.values, inputs.values)
        if outputs is None:
            return State("")
        written = {"keyId": key.text, "principalId": principal, **inputs.values}
        return State(id, {**written, **olds.values, **outputs}, written)


def _id(inputs: Properties) -> str:
    return f"{arm_ids.key_id(str(inputs.values['keyId'])).text}{SEPARATOR}{inputs.values['principalId']}"


def _key_and_principal(id: str) -> tuple[ArmId, str]:
    text, _, principal = id.partition(SEPARATOR)
    return arm_ids.key_id(text), principal


OwnAccess = tuple[list[PolicyEntry], list[RoleAssignment]]
"""Access policies, or role assignments, that are one identity's alone."""


async def own_access(
    call: Call, key: ArmId, principal: str, *, assignment_id: str | None = None
) -> OwnAccess:
    """What an identity has at a key: its own access policies on keys of the vault, or its role assignments at
    the key itself and the one named. What it has from further up is others' as well, and left out."""
    vault = await call.azure.vault(key.parent)
    if vault is None:
        return [], []
    if not vault.uses_rbac:
        return [one for one in vault.policies if rights.of_entry(one, principal, vault.tenant_id)], []
    scope = facts.key_id(vault.id, key.name)
    found = await call.azure.own_role_assignments(scope, principal)
    named = assignment_id or ""
    return [], [
        one for one in found if one.id and (arm_ids.same(one.scope, scope) or arm_ids.same(one.id, named))
    ]


async def remove_access(call: Call, key: ArmId, principal: str, *, assignment_id: str | None = None) -> bool:
    """Removes the access that `own_access` finds, until it finds none. Returns whether there was any. Access
    that somebody else removes meanwhile is no failure."""
    backoff, tries = call.waiter.backoff(first=SECOND_LOOK_SECONDS), 0
    while any(found := await own_access(call, key, principal, assignment_id=assignment_id)):
        if tries:
            await call.waiter.pause(backoff.next(), f"waiting: reads still show the access to {key.name}")
        tries += 1
        entries, assignments = found
        for act in (
            *(partial(call.azure.remove_policy, key.parent, entry) for entry in entries),
            *(partial(call.azure.delete_role_assignment, assignment.id) for assignment in assignments),
        ):
            try:
                await act()
            except ServiceError as failure:
                if not failure.is_absent:
                    raise
    return tries > 0
