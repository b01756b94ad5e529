"""The resource that deletes a soft-deleted account for good: exactly the one that was decided about."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from core import arm_ids
from core.facts import Deleted
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import FailedError, FakeClock, engine

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
PURGE = "azure-cmk:index:DeletedAccountPurge"
PLACE = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/westeurope/resourceGroups"
)
INPUTS = {
    "accountId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{arm_ids.ACCOUNT}/lang",
    "location": "westeurope",
    "deletionDate": "monday",
}
HELD = Deleted(f"{PLACE}/rg/deletedAccounts/lang", "lang", "westeurope", "monday")


class Listing(FakeAzure):
    """An Azure that lists what was purged for some more looks."""

    looks = 2

    async def purge_account(self, deleted: Deleted) -> None:
        self.purged = deleted

    async def deleted_accounts(self, subscription: str) -> list[Deleted]:
        found = await super().deleted_accounts(subscription)
        if hasattr(self, "purged"):
            self.looks -= 1
            return found if self.looks > 0 else [one for one in found if one != self.purged]
        return found


@pytest.mark.parametrize(
    ("held", "purged", "refused"),
    [
        (HELD, True, ""),
        (replace(HELD, location="West Europe"), True, ""),
        (None, False, ""),
        (replace(HELD, deletion_date="tuesday"), False, "was deleted again, at tuesday, after monday"),
        (replace(HELD, name="lang-2"), False, ""),
        (replace(HELD, id=f"{PLACE}/other/deletedAccounts/lang"), False, ""),
        (replace(HELD, location="northeurope"), False, ""),
    ],
    ids=["held", "display name", "gone", "deleted again", "another name", "another group", "another region"],
)
async def test_what_was_decided_is_purged_and_nothing_else(
    held: Deleted | None, refused: str, *, purged: bool
) -> None:
    """It ends once Azure lists the account no more; a preview, a read and a deletion purge nothing."""
    azure = Listing()
    azure.deleted["accounts"] = [held] if held else []
    async with engine(azure, clock=FakeClock()) as pulumi:
        await pulumi.create(PURGE, INPUTS, preview=True)
        await pulumi.read(PURGE, INPUTS["accountId"], INPUTS, INPUTS)
        await pulumi.delete(PURGE, INPUTS["accountId"], INPUTS)
        assert not hasattr(azure, "purged")
        with pytest.raises(FailedError, match=refused) if refused else nullcontext():
            id, outputs = await pulumi.create(PURGE, INPUTS)
            assert (id, outputs.values) == (INPUTS["accountId"], INPUTS)
    assert hasattr(azure, "purged") is purged
    assert not purged or azure.looks <= 0
