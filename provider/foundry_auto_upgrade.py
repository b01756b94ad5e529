"""The resource `FoundryAutoUpgrade`: whether Azure may turn an account of Azure OpenAI into a Foundry
resource by itself.

Owns the account's `properties.foundryAutoUpgrade.mode` and nothing else of it. A write of the account by an
older API version may remove that (never observed), so another `afterWrite` sets it again in the same update.
Deleting the resource changes nothing: to let Azure upgrade an account again is a decision of its own.
"""

from __future__ import annotations

from typing import ClassVar

from core import arm_ids, resource_types
from core.refusals import SECOND_LOOK_SECONDS
from provider.account_changes import AccountChanges
from provider.failure import RefusedOperationError
from provider.resource import READ_LAG_SECONDS, Call, Change, Resource, Run
from provider.wire import Properties, ResourceState


class FoundryAutoUpgradeHandler(Resource):
    """The id is the account's ARM id."""

    token = resource_types.FOUNDRY_AUTO_UPGRADE
    read_back: ClassVar = ("mode",)
    surroundings: ClassVar = ("afterWrite",)
    compared: ClassVar = ("accountId", *read_back, *surroundings)

    def __init__(self, run: Run, changes: AccountChanges) -> None:
        super().__init__(run)
        self._changes = changes

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        """Writes the mode and reads it back. Raises RefusedOperationError if Azure shows another."""
        account_id, mode = arm_ids.account_id(str(inputs.values["accountId"])), str(inputs.values["mode"])
        await self._changes.write_beside(account_id, lambda: call.azure.set_upgrade(account_id, mode), call)
        shown = await call.waiter.until(
            lambda: call.azure.upgrade(account_id),
            lambda upgrade: upgrade is None or upgrade.mode == mode,
            lambda _: f"reading {account_id.name} again, which does not show the change yet",
            first=SECOND_LOOK_SECONDS,
            seconds=READ_LAG_SECONDS,
        )
        if shown is None or shown.mode != mode:
            raise RefusedOperationError(
                f"Azure took foundryAutoUpgrade.mode {mode!r} of {account_id.text}, but reading back shows "
                f"{shown.mode if shown else 'no account'!r}; somebody else is changing this account at the "
                "same time (its activity log says who)\n  fix: run the same command again"
            )
        return ResourceState(account_id.text, inputs.values)

    async def update(self, call: Call, change: Change) -> ResourceState:
        """Writes the mode, also where a read shows it: a read may be late."""
        return await self.create(call, change.news)

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """The mode that the account has, "" if none was ever set or a write removed it."""
        shown = await call.azure.upgrade(arm_ids.account_id(id))
        if shown is None:
            return ResourceState("")
        live = {**inputs.values, "accountId": id, "mode": shown.mode}
        return ResourceState(id, live, live)
