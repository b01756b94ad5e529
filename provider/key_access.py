"""What the resources about an identity's access to a key have in common.

Owns what an identity has at a key, and its removal; and the id of the grant in a managed HSM, the revocation
and the validation, `KEY_ID|PRINCIPAL_ID`, and their life: another key or identity is another resource.
Revocation and validation stand for no resource of Azure, so deleting them changes nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import ClassVar

from core import arm_ids, facts, rights
from core.arm_ids import ArmId
from core.refusals import SECOND_LOOK_SECONDS
from provider.errors import ErrorContext
from provider.failure import ServiceError
from provider.resource import Call, Resource, State
from provider.wire import Properties, Value

SEPARATOR = "|"


class KeyAccessHandler(Resource):
    """One identity's access to one key. Its creation carries something out."""

    key_input: ClassVar = "keyId"
    keeps_unread: ClassVar = True
    by_deployer: ClassVar = False
    """Whether what a vault refuses is refused to the deploying principal, not to the account."""

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

    def imported(self, key: ArmId, principal: str) -> Mapping[str, Value]:
        """The inputs of an import."""
        return {self.key_input: key.text, "principalId": principal}

    def context(self, id: str, properties: Properties) -> ErrorContext:
        key_id, _, principal = id.partition(SEPARATOR)
        return ErrorContext.of_key(
            key_id or properties.text(self.key_input),
            principal or properties.text("principalId"),
            by_deployer=self.by_deployer,
        )

    async def create(self, call: Call, inputs: Properties) -> State:
        key, principal = arm_ids.key_id(str(inputs.values[self.key_input])), str(inputs.values["principalId"])
        outputs = await self.carry_out(call, key, principal, inputs)
        return State(f"{key.text}{SEPARATOR}{principal}", {**inputs.values, **outputs})

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when it no longer holds, so that the next update carries it out again."""
        text, _, principal = id.partition(SEPARATOR)
        key = arm_ids.key_id(text)
        outputs = await self.still(call, key, principal, olds if olds.values else inputs)
        if outputs is None:
            return State("")
        written = {**self.imported(key, principal), **inputs.values}
        return State(id, {**written, **olds.values, **outputs}, written)

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return State(id, (await self.preview_create(call, news)).outputs)

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        """Carries it out again."""
        return await self.create(call, news)


Removal = Callable[[], Awaitable[None]]
"""Removes one access of one identity."""


async def own_access(
    call: Call, key: ArmId, principal: str, assignment_id: str | None = None
) -> list[Removal]:
    """What an identity has at a key: its own access policies on keys of the vault, or its role assignments at
    the key itself and the one named. What it has from further up is others' as well, and left out."""
    azure, vault = call.azure, await call.azure.vault(key.parent)
    if vault is None:
        return []
    if not vault.uses_rbac:
        own = (one for one in vault.policies if rights.of_entry(one, principal, vault.tenant_id))
        return [partial(azure.remove_policy, key.parent, one) for one in own]
    scope = facts.key_id(vault.id, key.name)
    return [
        partial(azure.delete_role_assignment, one.id)
        for one in await azure.own_role_assignments(scope, principal)
        if one.id and (arm_ids.same(one.scope, scope) or arm_ids.same(one.id, assignment_id or ""))
    ]


async def remove_access(call: Call, key: ArmId, principal: str, assignment_id: str | None = None) -> bool:
    """Removes the access that `own_access` finds, until it finds none. Returns whether there was any. Access
    that somebody else removes meanwhile is no failure."""
    backoff, tries = call.waiter.backoff(first=SECOND_LOOK_SECONDS), 0
    while found := await own_access(call, key, principal, assignment_id):
        if tries:
            await call.waiter.pause(backoff.next(), f"waiting: reads still show the access to {key.name}")
        tries += 1
        for remove in found:
            try:
                await remove()
            except ServiceError as failure:
                if not failure.is_absent:
                    raise
    return tries > 0
