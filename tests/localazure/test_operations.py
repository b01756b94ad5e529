"""Operations: how long they can be asked for."""

from __future__ import annotations

import pytest

from tests.localazure.driver import ACCOUNT, DAY, Case
from tests.localazure.test_faults import control


@pytest.mark.parametrize("days", [0, 30])
def test_an_operation_is_kept_for_seven_days_after_its_end(case: Case, days: int) -> None:
    """It tells its end as often as it is asked, until the seventh day; then it is unknown, and forgotten. One
    that is still running never is."""
    case.cloud.behave(operation_seconds=days * DAY or 60)
    case.do(f"PUT {ACCOUNT} with account")
    url = case.seen["azure-asyncoperation"]
    control(case, "POST", "/clock", {"advance": max(days - 1, 0) * DAY + 1})
    assert case.ask("GET", url).body["status"] == "Creating"
    control(case, "POST", "/clock", {"advance": 7 * DAY})
    assert [case.ask("GET", url).body["status"] for _ in range(2)] == ["Succeeded", "Succeeded"]
    control(case, "POST", "/clock", {"advance": DAY + 61})
    assert case.ask("GET", url).status == 404
    assert case.cloud.store.scan("operation") == []
    assert case.do(f"GET {ACCOUNT}")["properties"]["provisioningState"] == "Succeeded"
