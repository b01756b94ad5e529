"""Accounts in ARM: the shapes, states and headers that were observed on Azure."""

from __future__ import annotations

import pytest

from localazure.web import Json
from tests.localazure.driver import ACCOUNT, ACCOUNTS, COGNITIVE, Case, account_body, error


def test_patch_changes_nothing_that_it_does_not_name(case: Case) -> None:
    """A PATCH merges: all that it does not name is as before."""
    before = case.make(tags={"a": "b"}, properties={"publicNetworkAccess": "Disabled"})
    case.patch({"properties": {"disableLocalAuth": True}})
    after = case.get()
    changed = {"etag", "systemData", "properties"}
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert after["properties"] == {**before["properties"], "disableLocalAuth": True}


def test_put_replaces_what_it_does_not_name_but_the_subdomain(case: Case) -> None:
    """A PUT on an existing account (200) drops tags and properties it does not name; the subdomain stays."""
    case.make(tags={"a": "b"}, properties={"disableLocalAuth": True})
    response = case.put(properties={"customSubDomainName": None})
    case.finish(response)
    after = case.get()
    assert response.status == 200
    assert "tags" not in after
    assert "disableLocalAuth" not in after["properties"]
    assert after["properties"]["customSubDomainName"] == "contoso-language"


def test_writes_meet_409_while_an_operation_runs(case: Case) -> None:
    """PUT, PATCH and DELETE are refused while an account is not settled, and work once it is."""
    case.cloud.behave(operation_seconds=60)
    case.put()
    attempts: tuple[tuple[str, Json], ...] = (
        ("PUT", account_body()),
        ("PATCH", {"tags": {}}),
        ("DELETE", None),
    )
    for method, body in attempts:
        response = case.arm(method, ACCOUNT, body)
        assert error(response) == (409, "AccountProvisioningStateInvalid")
        assert response.body["error"]["message"] == f"Account {ACCOUNT} in state Creating"
    case.cloud.clock.advance(70)
    assert case.arm("PATCH", ACCOUNT, {"tags": {}}).status == 202


def test_get_settles_an_account_that_nobody_polls(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state goes to Succeeded by GET alone, not at the first look."""
    # An operation also ends with time, however slow this machine is.
    monkeypatch.setattr(case.cloud.clock, "now", lambda: 1_800_000_000.0)
    case.put()
    seen = [case.get() for _ in range(3)]
    states = [account["properties"]["provisioningState"] for account in seen]
    assert states == ["Creating", "Succeeded", "Succeeded"]
    assert seen[0]["etag"] != seen[1]["etag"] == seen[2]["etag"]


def test_an_accepted_write_can_be_made_to_fail(case: Case) -> None:
    """The operation ends as Failed with the code that was asked for, and so does the account, which can be
    written again; a purge is not among them."""
    case.make()
    case.cloud.behave(failing_operations="CapacityExceeded")
    response = case.arm("PATCH", ACCOUNT, {"tags": {"a": "b"}})
    url = response.headers["azure-asyncoperation"]
    assert case.poll(url).body["status"] == "Updating"
    ended = case.poll(url).body
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "CapacityExceeded")
    assert case.get()["properties"]["provisioningState"] == "Failed"
    assert case.get()["tags"] == {"a": "b"}
    case.cloud.behave(failing_operations="")
    case.patch({"tags": {}})
    assert case.get()["properties"]["provisioningState"] == "Succeeded"
    case.cloud.behave(failing_operations="CapacityExceeded")
    case.arm("DELETE", ACCOUNT)
    gone = case.arm("GET", f"{COGNITIVE}/deletedAccounts").body["value"][0]["id"]
    purged = case.arm("DELETE", gone).headers["azure-asyncoperation"]
    assert [case.poll(purged).body["status"] for _ in range(2)] == ["Deleting", "Succeeded"]


def test_lists_hold_the_accounts_of_their_scope(case: Case) -> None:
    """By group and by subscription: each account once, none that was deleted."""
    case.make()
    case.make(f"{ACCOUNTS}/second", properties={"customSubDomainName": None})
    case.make(f"{ACCOUNTS}/third", properties={"customSubDomainName": None})
    case.arm("DELETE", f"{ACCOUNTS}/third")
    for path in (ACCOUNTS, f"{COGNITIVE}/accounts"):
        assert [a["name"] for a in case.arm("GET", path).body["value"]] == ["Language-1", "second"]
