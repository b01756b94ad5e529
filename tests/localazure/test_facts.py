"""Every row of facts/, and what is observed of dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.localazure.driver import Case, facts


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
    steps: list[Any] = ["account", "DELETE <account>", "GET <deleted account>"]
    if days > 2:
        made = ["vault", {"properties": {"softDeleteRetentionInDays": days}}]
        steps = [{"ask": "PUT <vault>", "send": made}, "DELETE <vault>", "GET <deleted vault>"]
    dates = case.do(*steps)["properties"]
    first, last = (datetime.fromisoformat(dates[name]) for name in ("deletionDate", "scheduledPurgeDate"))
    assert last - first == timedelta(days=days)
