"""What the two resources about an identity's access to a key have in common.

They stand for no resource of Azure: their creation carries something out, another key or identity is another
resource, and deleting them changes nothing. Owns their id, `KEY_ID|PRINCIPAL_ID`, and their life.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from core import arm_ids
from core.arm_ids import ArmId
from provider.azure_calls import Azure
from provider.checks import Failure, Form, check
from provider.difference import Difference, changed
from provider.error_table import ErrorContext
from provider.errors import service_message
from provider.failure import ServiceError
from provider.preflight import refused_as
from provider.resource import Call, State
from provider.waiting import Clock
from provider.wire import UNKNOWN, Properties, Value

_SEPARATOR = "|"


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
        with refused_as(_context(key, principal)):
            outputs = await self.carry_out(call, key, principal, inputs)
        return State(f"{key.text}{_SEPARATOR}{principal}", {**inputs.values, **outputs})

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self.create(call, news)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when it no longer holds, so that the next update carries it out again.

        What may not be read is taken to be as it was. An import comes with the id alone.
        """
        text, _, principal = id.partition(_SEPARATOR)
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


def _context(key: ArmId, principal: str) -> ErrorContext:
    return ErrorContext(
        vault_id=key.parent.text, vault_name=key.parent.name, key_name=key.name, principal_id=principal
    )
