"""Accounts in ARM: what changes them, their identities, operations, conditions and lists."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.authorization import assign_role
from localazure.web import Json
from tests.localazure.driver import (
    ACCOUNT,
    ACCOUNT_API,
    ACCOUNTS,
    COGNITIVE,
    GROUP,
    IDENTITY,
    SERVICE,
    USER_ASSIGNED,
    Case,
    account_body,
    error,
    without,
)

BOTH = "SystemAssigned, UserAssigned"
NO_NAME = {"customSubDomainName": None}


def test_patch_changes_nothing_that_it_does_not_name(case: Case) -> None:
    """A PATCH merges: all that it does not name is as before, the key of a bound account, too."""
    before = case.bound(tags={"a": "b"}, properties={"publicNetworkAccess": "Disabled"})
    case.patch({"properties": {"disableLocalAuth": True}})
    after = case.get()
    changed = ("etag", "systemData", "properties")
    assert without(after, *changed) == without(before, *changed)
    assert after["properties"] == {**before["properties"], "disableLocalAuth": True}


def test_put_replaces_what_it_does_not_name_but_the_subdomain(case: Case) -> None:
    """A PUT on an existing account (200) drops tags and properties it does not name; the subdomain stays."""
    case.make(tags={"a": "b"}, properties={"disableLocalAuth": True})
    response = case.put(properties=NO_NAME)
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
    bodies: dict[str, Json] = {"PUT": account_body(), "PATCH": {"tags": {}}, "DELETE": None}
    for method, body in bodies.items():
        response = case.arm(method, ACCOUNT, body)
        assert error(response) == (409, "AccountProvisioningStateInvalid")
        assert response.message == f"Account {ACCOUNT} in state Creating"
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


def test_an_account_that_failed_can_be_written_again(case: Case) -> None:
    """A failed operation leaves the account Failed until the next write; a purge does not fail."""
    case.make()
    case.cloud.behave(failing_operations="CapacityExceeded")
    case.patch({"tags": {"a": "b"}})
    assert case.get()["properties"]["provisioningState"] == "Failed"
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
    for name in ("second", "third"):
        case.make(f"{ACCOUNTS}/{name}", properties=NO_NAME)
    case.arm("DELETE", f"{ACCOUNTS}/third")
    for path in (ACCOUNTS, f"{COGNITIVE}/accounts"):
        assert [a["name"] for a in case.arm("GET", path).body["value"]] == ["Language-1", "second"]


def conditional(case: Case, method: str, body: Json, etag: str) -> Any:
    """A write that expects an etag."""
    url = f"https://management.azure.com{ACCOUNT}?api-version={ACCOUNT_API}"
    return case.send(method, url, body, bearer=case.bearer(), headers={"if-match": etag})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_fails_a_write_whose_etag_is_not_the_accounts(case: Case, method: str) -> None:
    """412 and nothing changed; with the right etag the write passes. `If-Match: *` never creates."""
    absent = conditional(case, "PUT", account_body(), "*")
    before = case.make()
    body = {name: before[name] for name in ("location", "kind", "sku")}
    refused = conditional(case, method, body, '"old"')
    assert (absent.status, error(refused)) == (412, (412, "PreconditionFailed"))
    assert case.get() == before
    assert conditional(case, method, body, before["etag"]).status in (200, 202)


@pytest.mark.parametrize("skus", [["s", "X9"], 5, "S", [5], None])
def test_skus_are_looked_up_for_a_kind(case: Case, skus: object) -> None:
    """Each name that was asked for has a row, in order, whether a kind has it or not."""
    body = {"kind": "TextAnalytics", "type": "Microsoft.CognitiveServices/accounts", "skus": skus}
    reply = case.arm("POST", f"{COGNITIVE}/locations/westeurope/checkSkuAvailability", body)
    if skus == ["s", "X9"]:
        rows = [(r["skuName"], r["skuAvailable"], r["reason"] is None) for r in reply.body["value"]]
        assert rows == [("s", True, True), ("X9", False, False)]
    else:
        assert error(reply) == (400, "BadRequest")


@pytest.mark.parametrize(
    "operation",
    [
        "Microsoft.CognitiveServices/accounts/write",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        "Microsoft.ManagedIdentity/userAssignedIdentities/read",
        "Microsoft.Authorization/policyExemptions/write",
    ],
)
def test_the_operations_of_a_provider_are_listed(case: Case, operation: str) -> None:
    """Without a subscription; each is its own provider's."""
    namespace = operation.split("/", maxsplit=1)[0]
    names = [row["name"] for row in case.arm("GET", f"/providers/{namespace}/operations").body["value"]]
    assert operation in names
    assert all(name.startswith(f"{namespace}/") for name in names)


# Identities


def test_a_system_identity_switched_off_and_on_is_another_principal(case: Case) -> None:
    """The principal goes with the identity; a new one has a new id; adding user-assigned ones keeps it."""
    first = case.make()["identity"]["principalId"]
    case.user_identity()
    case.patch({"identity": {**USER_ASSIGNED, "type": "SystemAssigned,UserAssigned"}})
    both = case.get()["identity"]
    assert (both["type"], both["principalId"]) == (BOTH, first)
    case.patch({"identity": {"type": "None"}})
    assert "identity" not in case.get()
    case.patch({"identity": {"type": "SystemAssigned"}, "properties": {}})
    assert case.get()["identity"]["principalId"] != first
    assert case.cloud.store.get("principal", first) is None


def test_fails_on_a_user_assigned_identity_that_is_not_there(case: Case) -> None:
    """An identity that does not exist is refused."""
    refused = case.put(identity=USER_ASSIGNED)
    assert error(refused) == (400, "FailedIdentityOperation")
    assert IDENTITY in refused.message


def test_the_parts_of_an_identity_come_and_go_by_patch(case: Case) -> None:
    """A second user-assigned identity is added, null takes one away, and its own identity stays."""
    second = f"{IDENTITY}2"
    case.user_identity()
    case.user_identity(second)
    own = case.make(identity={**USER_ASSIGNED, "type": BOTH})["identity"]
    for change, left in (({second: {}}, [IDENTITY, second]), ({IDENTITY: None}, [second])):
        case.patch({"identity": {"type": BOTH, "userAssignedIdentities": change}})
        assert list(case.get()["identity"]["userAssignedIdentities"]) == left
    case.patch({"identity": {"type": "SystemAssigned"}})
    ids = {name: own[name] for name in ("principalId", "tenantId")}
    assert case.get()["identity"] == {**ids, "type": "SystemAssigned"}


@pytest.mark.parametrize("identity", [{}, {"userAssignedIdentities": {IDENTITY: {}}}])
def test_an_identity_without_a_type_is_not_read_as_none(case: Case, identity: Json) -> None:
    """400, and the own identity, on which the data may hang, is as it was."""
    case.user_identity()
    before = case.make()
    assert error(case.patch({"identity": identity})) == (400, "InvalidRequestContent")
    assert case.get() == before


def test_giving_an_identity_takes_a_role_at_the_identity(case: Case) -> None:
    """Who may write the account but not assign the identity gets ARM's 403 that names both; with it, 201."""
    case.user_identity()
    assign_role(case.cloud, SERVICE.object_id, "Contributor", ACCOUNT)
    body = account_body(identity=USER_ASSIGNED)
    refused = case.arm("PUT", ACCOUNT, body, caller=SERVICE)
    assert error(refused) == (403, "LinkedAuthorizationFailed")
    assert f"on the linked scope(s) '{IDENTITY}'" in refused.message
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assign_role(case.cloud, SERVICE.object_id, "Contributor", GROUP)
    assert case.arm("PUT", ACCOUNT, body, caller=SERVICE).status == 201
