"""Every fact of the files beside this one, and what was observed over several requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.localazure.driver import ACCOUNT, COGNITIVE, DAY, KEY_VAULT, VAULT, Case, account_body
from tests.localazure.observed.fact import Fact, all_facts, check


@pytest.mark.parametrize("fact", all_facts(), ids=lambda fact: fact.name)
def test_azure_is_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)


def test_headers_repeat_the_body_and_one_another(case: Case) -> None:
    """ETag is the body's etag; Location is the operation's address and one parameter more, which leads to the
    account (assumed): 202 with the same Location while it runs, then the account as it is."""
    case.make()
    reply = case.arm("PATCH", ACCOUNT, {"tags": {"c": "d"}})
    assert reply.headers["etag"] == reply.body["etag"]
    url = reply.headers["location"]
    assert url == f"{reply.headers['azure-asyncoperation']}&operationResultResponseType=Location"
    running = case.arm("GET", url)
    assert (running.status, running.headers["location"].replace("%20", " "), running.body) == (202, url, None)
    ended = case.arm("GET", url)
    assert (ended.status, ended.body["tags"]) == (200, {"c": "d"})
    assert ended.body["properties"]["provisioningState"] == "Succeeded"


def test_no_etag_of_a_life_repeats(case: Case) -> None:
    """Create, its end, PATCH and its end: each has another etag, which no look changes."""
    seen = []
    for method, body in (("PUT", account_body()), ("PATCH", {"tags": {}})):
        reply = case.arm(method, ACCOUNT, body)
        seen.append(reply.body["etag"])
        case.finish(reply)
        seen.append(case.get()["etag"])
        assert case.get()["etag"] == seen[-1]
    assert len(set(seen)) == 4


def test_an_operation_is_polled_as_it_was_given(case: Case) -> None:
    """Another signature is refused (assumed); without one, as before late 2023, the poll passes."""
    url = case.put().headers["azure-asyncoperation"]
    assert case.poll(url[:-2]).status == 400
    assert case.poll(url.split("&t=")[0]).body["status"] == "Creating"


@pytest.mark.parametrize(
    ("kind", "deleted", "days"),
    [
        ("account", f"{COGNITIVE}/locations/westeurope/resourceGroups/rg/deletedAccounts/Language-1", 2),
        ("vault", f"{KEY_VAULT}/locations/westeurope/deletedVaults/Contoso-1", 7),
        ("vault", f"{KEY_VAULT}/locations/westeurope/deletedVaults/Contoso-1", 90),
    ],
)
def test_what_is_deleted_is_kept_for_its_days(case: Case, kind: str, deleted: str, days: int) -> None:
    """`scheduledPurgeDate` is `deletionDate` and two days, or the vault's own retention."""
    if kind == "account":
        case.make()
    else:
        case.make_vault(softDeleteRetentionInDays=days)
    assert case.arm("DELETE", ACCOUNT if kind == "account" else VAULT).status == 200
    dates = case.arm("GET", deleted).body["properties"]
    first, last = (datetime.fromisoformat(dates[name]) for name in ("deletionDate", "scheduledPurgeDate"))
    assert last - first == timedelta(days=days)


def test_a_rotated_version_expires_by_the_policy_and_the_older_one_does_not(vault: Case) -> None:
    """`exp` is `created` and the policy's expiryTime; the version that was there keeps none."""
    made = vault.make_key()
    vault.data("PUT", "/keys/k/rotationpolicy", {"attributes": {"expiryTime": "P1Y"}})
    rotated = vault.data("POST", "/keys/k/rotate").body["attributes"]
    created = datetime.fromtimestamp(rotated["created"], UTC)
    assert rotated["exp"] == created.replace(year=created.year + 1).timestamp()
    assert rotated["exp"] - rotated["created"] >= 365 * DAY
    older = vault.data("GET", made["key"]["kid"].removeprefix("https://contoso-1.vault.azure.net"))
    assert "exp" not in older.body["attributes"]


@pytest.mark.parametrize("path", ["/secrets/s", "/certificates"])
def test_what_key_vault_has_and_this_cloud_has_not_names_itself(vault: Case, path: str) -> None:
    """501, which no client takes for an absent thing, with the request in its text."""
    at_vault, at_arm = vault.data("GET", path), vault.arm("GET", f"{VAULT}{path}/one")
    for reply, host in ((at_vault, "contoso-1.vault.azure.net"), (at_arm, "management.azure.com")):
        assert (reply.status, reply.code) == (501, "NotImplemented")
        assert f"GET https://{host}" in reply.message


def test_the_identity_of_a_resource_is_the_one_in_its_body(case: Case) -> None:
    """`identities/default` has the principal of the system-assigned identity."""
    principal = case.make()["identity"]["principalId"]
    found = case.arm("GET", f"{ACCOUNT}/providers/Microsoft.ManagedIdentity/identities/default").body
    assert found["properties"]["principalId"] == principal
