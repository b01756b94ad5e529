"""Operations: when they end, and how long they can be asked for."""

from __future__ import annotations

import pytest

from localazure import operations
from tests.localazure.driver import ACCOUNT, DAY, GROUP, Case
from tests.localazure.test_faults import control


@pytest.mark.parametrize("days", [0, 30])
def test_an_operation_is_kept_for_seven_days_after_its_end(case: Case, days: int) -> None:
    """It tells its end as often as it is asked, until the seventh day; then it is unknown, and forgotten. One
    that is still running never is."""
    case.cloud.behave(operation_seconds=days * DAY or 60)
    case.do(f"PUT {ACCOUNT} with account")
    url = case.seen["azure-asyncoperation"]
    control(case, "POST", "/clock", {"advance": days * DAY - DAY} if days else {"advance": 1})
    assert case.ask("GET", url).body["status"] == "Creating"
    control(case, "POST", "/clock", {"advance": 7 * DAY})
    assert [case.ask("GET", url).body["status"] for _ in range(2)] == ["Succeeded", "Succeeded"]
    control(case, "POST", "/clock", {"advance": DAY + 61})
    assert case.ask("GET", url).status == 404
    assert case.cloud.store.scan("operation") == []
    assert case.do(f"GET {ACCOUNT}")["properties"]["provisioningState"] == "Succeeded"


def test_a_list_tells_of_no_operation_that_is_over(case: Case) -> None:
    """An account in a list is ready when its time has come, whoever looked at it before."""
    case.cloud.behave(operation_seconds=60)
    listed = {"ask": f"GET {GROUP}/providers/Microsoft.CognitiveServices/accounts"}
    for state in ("Creating", "Succeeded"):
        has = {"value.properties.provisioningState": [state]}
        case.do(
            *([f"PUT {ACCOUNT} with account"] if state == "Creating" else []),
            {**listed, "has": has},
            {"wait": 3600},
        )


def test_an_operation_is_done_when_it_was_seen_and_over_when_nobody_came() -> None:
    """Polls decide while somebody watches; two seconds after its time it counts as over without any."""
    unseen = operations.Operation("id", started=0.0, ends=60.0, polls=0, about={})
    seen = operations.Operation("id", started=0.0, ends=60.0, polls=2, about={})
    assert [unseen.done(60.0), unseen.over(60.0), unseen.over(62.0)] == [False, False, True]
    assert [seen.done(59.9), seen.over(59.9), seen.done(60.0), seen.over(60.0)] == [False, False, True, True]
