"""What an earlier release recorded of a purge: a state keeps or forgets it, and nothing is purged."""

from __future__ import annotations

import pytest

from core import arm_ids
from core.facts import Deleted
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import Engine, FailedError

SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
PURGE = "azure-cmk:index:DeletedAccountPurge"
INPUTS = {
    "accountId": f"{SUBSCRIPTION}/resourceGroups/rg/providers/{arm_ids.ACCOUNT}/lang",
    "location": "westeurope",
    "deletionDate": "monday",
}


async def test_a_purge_of_before_is_kept_or_forgotten_and_none_is_made(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """The refusal names the command of az, in a preview, too."""
    fake.deleted["accounts"] = [Deleted("/deletedAccounts/lang", "lang", "westeurope", "monday")]
    id, outputs, _ = await pulumi.read(PURGE, INPUTS["accountId"], INPUTS, INPUTS)
    assert (id, outputs.values) == (INPUTS["accountId"], INPUTS)
    await pulumi.delete(PURGE, INPUTS["accountId"], INPUTS)
    for preview in (True, False):
        with pytest.raises(FailedError, match="az cognitiveservices account purge"):
            await pulumi.create(PURGE, INPUTS, preview=preview)
