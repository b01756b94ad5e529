"""Accounts, where a row of facts cannot say it: what is stored, and by whom a key is used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.driver import ACCOUNT, DAY, PROJECTS, URI, Case
from tests.localazure.test_faults import control

BIND = f"PATCH {ACCOUNT} with bind"
MORE = {"ask": f"PATCH {URI}/keys/k/{{version}}", "send": {"attributes": {"enabled": False}}}


def stored(case: Case) -> Any:
    """The ciphertext of the account's projects, and its wrapped data key."""
    account = case.cloud.store.get("account", ACCOUNT) or {}
    return case.cloud.store.scan("account.project"), account["wrapping"]


def test_rotation_rewraps_and_leaves_the_ciphertext(case: Case) -> None:
    """Another version of the key: the stored data stays byte for byte, its wrapping changes."""
    case.do("bound", "project")
    before = stored(case)
    case.do("new version", f"{BIND} -> 202", "settled", f"GET {PROJECTS}/orders")
    after = stored(case)
    assert after[0] == before[0]
    assert after[1]["keyVersion"] != before[1]["keyVersion"]


@pytest.mark.parametrize(("assumed", "status"), [("refused", 400), ("taken", 202)])
def test_the_same_key_may_be_stated_again_where_azure_does_not_look(
    case: Case, assumed: str, status: int
) -> None:
    """With `same_key_again: taken` nothing is judged that does not change; another key is, as ever."""
    case.cloud.behave(same_key_again=assumed)
    case.do("bound", "project", MORE)
    before, again = stored(case), dict(case.seen)
    case.do("new version", f"{BIND} -> 400")
    case.seen |= again
    case.do(f"{BIND} -> {status}")
    assert stored(case) == before


def test_the_customers_words_are_nowhere_in_the_store(case: Case) -> None:
    """A project's name and description are in no document in clear, whoever manages the key."""
    told = {"description": "merger of banks"}
    case.do("account", {"ask": f"PATCH {PROJECTS}/orders", "send": ["orders", told]})
    kept = str([case.cloud.store.scan(kind) for kind in ("account", "account.project", "operation")])
    assert not [word for word in ("merger", "orders") if word in kept]


@pytest.mark.parametrize(("documents", "status"), [(1000, 200), (1001, 400)])
def test_a_batch_of_texts_has_a_thousand_at_most(case: Case, documents: int, status: int) -> None:
    """learn.microsoft.com/azure/ai-services/language-service/concepts/data-limits (2026-11-30)."""
    sent = {"documents": [{"id": str(number), "text": "a"} for number in range(documents)]}
    host = PROJECTS.partition("/language/")[0]
    body = {"kind": "LanguageDetection", "analysisInput": sent}
    case.do("account", {"ask": f"POST {host}/language/:analyze-text -> {status}", "send": body})


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
