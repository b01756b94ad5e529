"""What the resources about an identity's access to a key have in common.

Owns what an identity has at a key, and its removal. Of the revocation and the validation also their id,
`KEY_ID|PRINCIPAL_ID`, and their life: they stand for no resource of Azure, their creation carries something
out, another key or identity is another resource, and deleting them changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from core import arm_ids, facts, rights
from core.arm_ids import ArmId
from core.facts import PolicyEntry, RoleAssignment
from core.refusals import SECOND_LOOK_SECONDS
from provider.azure import Azure
from provider.checks import Failure, Form, check
from provider.difference import Difference, changed
from provider.error_table import ErrorContext
from provider.errors import service_message
from provider.failure import ServiceError
from provider.preflight import refused_as
from provider.resource import Call, State
from provider.retrying import with_retries
from provider.waiting import Clock, Waiter
from provider.wire import UNKNOWN, Properties, Value

SEPARATOR = "|"


class KeyAccessHandler(ABC):
    """Implements `resource.Resource`."""

    derived: Mapping[str, tuple[str, ...]] = {}
    form: ClassVar[Form]
    """The inputs."""
    differences: ClassVar[Mapping[str, str]]
    """The inputs whose change carries it out again, and the words for that."""
    outcome: tuple[str, ...]
    """The outputs that are known only afterwards."""

    def __init__(self, azure: Azure, clock: Clock) -> None:
        self._azure = azure
        self._clock = clock

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

    def check(self, news: Properties) -> list[Failure]:
        return check(news, self.form)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        return changed(old_inputs, news, self.differences)

    async def preview_create(self, call: Call, inputs: Properties) -> State:
        """Neither waits nor reads: the access is usually changed by the same update."""
        return State("", {**inputs.values, **dict.fromkeys(self.outcome, UNKNOWN)})

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return State(id, (await self.preview_create(call, news)).outputs)

    async def create(self, call: Call, inputs: Properties) -> State:
        key, principal = arm_ids.key_id(str(inputs.values["keyId"])), str(inputs.values["principalId"])
        with refused_as(access_context(key, principal)):
            outputs = await self.carry_out(call, key, principal, inputs)
        return State(f"{key.text}{SEPARATOR}{principal}", {**inputs.values, **outputs})

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self.create(call, news)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when it no longer holds, so that the next update carries it out again.

        What may not be read is taken to be as it was. An import comes with the id alone.
        """
        text, _, principal = id.partition(SEPARATOR)
        key = arm_ids.key_id(text)
        try:
            outputs = await self.still(call, key, principal, olds if olds.values else inputs)
        except ServiceError as failure:
            await call.inform(f"not checked: {service_message(failure)}")
            return State(id, olds.values, inputs.values)
        if outputs is None:
            return State("")
        written = {"keyId": key.text, "principalId": principal, **inputs.values}
        return State(id, {**written, **olds.values, **outputs}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:  # noqa: B027 - a whole life
        """Nothing: access is given by grants, and taken with them."""

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OwnAccess = tuple[list[PolicyEntry], list[RoleAssignment]]
"""Access policies, or role assignments, that are one identity's alone."""


async def own_access(
    azure: Azure, key: ArmId, principal: str, waiter: Waiter, *, assignment_id: str | None = None
) -> OwnAccess:
    """What an identity has at a key: its own access policies on keys of the vault, or its role assignments at
    the key itself and the one named. What it has from further up is others' as well, and left out."""
    vault = await with_retries(lambda: azure.vault(key.parent), waiter)
    if vault is None:
        return [], []
    if not vault.uses_rbac:
        return [one for one in vault.policies if rights.of_entry(one, principal, vault.tenant_id)], []
    scope = facts.key_id(vault.id, key.name)
    found = await with_retries(lambda: azure.own_role_assignments(scope, principal), waiter)
    named = assignment_id or ""
    return [], [
        one for one in found if one.id and (arm_ids.same(one.scope, scope) or arm_ids.same(one.id, named))
    ]


async def remove_access(
    azure: Azure, key: ArmId, principal: str, waiter: Waiter, *, assignment_id: str | None = None
) -> bool:
    """Removes the access that `own_access` finds, until it finds none. Returns whether there was any. Access
    that somebody else removes meanwhile is no failure."""
    backoff, tries = waiter.backoff(first=SECOND_LOOK_SECONDS), 0
    while any(found := await own_access(azure, key, principal, waiter, assignment_id=assignment_id)):
        if tries:
            await waiter.pause(backoff.next(), f"waiting: reads still show the access to {key.name}")
        tries += 1
        entries, assignments = found
        for act in (
            *(partial(azure.remove_policy, key.parent, entry) for entry in entries),
            *(partial(azure.delete_role_assignment, assignment.id) for assignment in assignments),
        ):
            try:
                await with_retries(act, waiter)
            except ServiceError as failure:
                if not failure.is_absent:
                    raise
    return tries > 0


def access_context(key: ArmId, principal: str, *, by_deployer: bool = False) -> ErrorContext:
    """Whose access to which key an error is about."""
    return ErrorContext(
        vault_id=key.parent.text,
        vault_name=key.parent.name,
        key_name=key.name,
        principal_id=principal,
        by_deployer=by_deployer,
    )
