"""The resource `DeletedAccountPurge`: a soft-deleted account, deleted for good before its name is used again.

Its creation purges one deletion alone, that at `deletionDate`, and ends once Azure lists the account no more,
so that what comes after it may have the name. One that is gone already is no failure.
Source: "Recover or purge deleted resources", learn.microsoft.com/azure/ai-services/manage-resources
(2026-11-28): a purge frees the name, and nothing recovers a purged account.
"""

from __future__ import annotations

from typing import ClassVar

from core import arm_ids, regions, resource_types
from core.facts import Deleted
from provider.failure import RefusedOperationError
from provider.resource import Call, Resource, State
from provider.wire import Properties


class DeletedAccountPurgeHandler(Resource):
    """The id is that which the account had."""

    token = resource_types.DELETED_ACCOUNT_PURGE
    compared: ClassVar = ("accountId", "location", "deletionDate")
    refreshes: ClassVar = False

    async def create(self, call: Call, inputs: Properties) -> State:
        id, location, wanted = (str(inputs.values[name]) for name in self.compared)
        found = await _held(call, id, location)
        if found and found.deletion_date != wanted:
            raise RefusedOperationError(
                f"{id} was deleted again, at {found.deletion_date}, after {wanted}, for which the purge was "
                "decided. Nothing was purged; run `pulumi preview`, which shows what would be deleted now"
            )
        if found:
            await call.azure.purge_account(found)
        await call.waiter.until(
            lambda: _held(call, id, location),
            lambda held: held is None,
            lambda held: f"waiting: Azure still lists {held and held.name} as deleted",
        )
        return State(id, inputs.values)

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """It exists as long as it is in the state."""
        return State(id, olds.values or inputs.values, inputs.values)


async def _held(call: Call, account_id: str, location: str) -> Deleted | None:
    """The deleted account with this former id, in a region."""
    account = arm_ids.account_id(account_id)
    return next(
        (
            one
            for one in await call.azure.deleted_accounts(arm_ids.subscription_of(account_id))
            if one.name.lower() == account.name.lower()
            and arm_ids.group_of(one.id).lower() == account.group.lower()
            and regions.same(one.location, location)
        ),
        None,
    )
