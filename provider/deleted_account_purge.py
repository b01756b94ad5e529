"""The resource `DeletedAccountPurge`, by which earlier releases recorded a purge. No program makes one any
more."""

from __future__ import annotations

from typing import ClassVar

from core import resource_types
from provider.failure import RefusedOperationError
from provider.resource import Call, Change, Resource
from provider.wire import Properties, ResourceState


class DeletedAccountPurgeHandler(Resource):
    """The id is the one that the account had."""

    token = resource_types.DELETED_ACCOUNT_PURGE
    compared: ClassVar = ("accountId", "location", "deletionDate")
    refreshes: ClassVar = False

    async def preview(self, call: Call, change: Change) -> ResourceState:
        raise RefusedOperationError(
            "no program purges a deleted account: run `az cognitiveservices account purge`, and take this "
            "resource out"
        )

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        return await self.preview(call, Change(inputs))

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """It exists as long as it is in the state."""
        return ResourceState(id, olds.values or inputs.values, inputs.values)
