"""Every row of facts/, and what is observed of dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.localazure.driver import ACCOUNT, VAULT, Case, facts
from tests.support.front import SUBSCRIPTION

_PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
GONE = f"{_PROVIDER}/locations/westeurope/resourceGroups/rg/deletedAccounts"
GONE_VAULTS = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults"


@pytest.mark.parametrize(
    ("steps", "behave"), [pytest.param(steps, behave, id=name) for name, steps, behave in facts()]
)
def test_the_local_azure_is_held_to(case: Case, steps: Any, behave: Any) -> None:
    """One claim: statuses, headers, what the bodies have and what they lack."""
    case.cloud.behave(**behave)
    case.play(steps)


@pytest.mark.parametrize("days", [2, 7, 90])
def test_what_is_deleted_is_kept_for_its_days(case: Case, days: int) -> None:
    """`scheduledPurgeDate` is `deletionDate` and two days, or the vault's own retention."""
    vault = ["vault", {"properties": {"softDeleteRetentionInDays": days}}]
    steps: list[Any] = ["account", f"DELETE {ACCOUNT}", f"GET {GONE}/language"]
    if days > 2:
        steps = [{"ask": f"PUT {VAULT}", "send": vault}, f"DELETE {VAULT}", f"GET {GONE_VAULTS}/Contoso-1"]
    dates = case.do(*steps)["properties"]
    first, last = (datetime.fromisoformat(dates[name]) for name in ("deletionDate", "scheduledPurgeDate"))
    assert last - first == timedelta(days=days)
