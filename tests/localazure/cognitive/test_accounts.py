"""Accounts in ARM: the shapes, states and headers that were observed on Azure."""

from __future__ import annotations

import pytest

from localazure.web import Json
from tests.localazure.cognitive.case import ACCOUNT, ACCOUNTS, PROVIDER, Case, account_body, case
from tests.localazure.keyvault.case import error

__all__ = ["case"]


def test_create_answers_201_creating_with_the_operation_alone(case: Case) -> None:
    """201 Creating with Azure-AsyncOperation; no Location, no Retry-After; ETag as in the body."""
    response = case.put()
    assert response.status == 201
    assert response.body["properties"]["provisioningState"] == "Creating"
    assert set(response.headers) == {"ETag", "Azure-AsyncOperation"}
    assert response.headers["ETag"] == response.body["etag"]
    assert response.body["etag"].startswith('"')


def test_an_operation_is_polled_as_observed(case: Case) -> None:
    """Polls answer id, name, status, startTime while it runs, Succeeded with endTime at the end."""
    url = case.put(location="West Europe").headers["Azure-AsyncOperation"]
    running, ended = case.poll(url), case.poll(url)
    assert "/locations/West Europe/operationResults/" in url
    assert "?api-version=2017-04-18" in url
    assert list(running.body) == ["id", "name", "status", "startTime"]
    assert running.body["status"] == "Creating"
    assert list(ended.body) == ["id", "name", "status", "startTime", "endTime"]
    assert ended.body["status"] == "Succeeded"
    assert case.get()["properties"]["provisioningState"] == "Succeeded"


def test_no_etag_repeats(case: Case) -> None:
    """Every state of an account has an etag of its own, and reading does not change it."""
    created = case.put()
    case.finish(created)
    ready = case.get()
    patched = case.arm("PATCH", ACCOUNT, {"tags": {"a": "b"}})
    case.finish(patched)
    after = case.get()
    etags = [created.body["etag"], ready["etag"], patched.body["etag"], after["etag"]]
    assert len(set(etags)) == 4
    assert case.get()["etag"] == after["etag"]


def test_synchronous_creates_answer_succeeded_at_once(case: Case) -> None:
    """The other observed shape: Succeeded, ETag only, and the next GET has the same etag."""
    case.cloud.behave(synchronous_creates=True)
    response = case.put()
    assert response.body["properties"]["provisioningState"] == "Succeeded"
    assert set(response.headers) == {"ETag"}
    assert case.get()["etag"] == response.body["etag"]


def test_an_account_has_the_observed_defaults_and_nothing_that_was_not_set(case: Case) -> None:
    """Language defaults: what is absent is absent, not null; the search key is null although never sent."""
    body = case.make()
    properties = body["properties"]
    assert "tags" not in body
    assert not {"encryption", "networkAcls", "disableLocalAuth", "callRateLimit"} & set(properties)
    assert properties["apiProperties"] == {"qnaAzureSearchEndpointKey": None}
    assert properties["isMigrated"] is False
    assert properties["privateEndpointConnections"] == []
    assert properties["publicNetworkAccess"] == "Enabled"
    assert len(properties["internalId"]) == 32
    assert properties["endpoint"] == "https://contoso-language.cognitiveservices.azure.com/"
    assert set(properties["endpoints"].values()) == {properties["endpoint"]}
    assert {"name": "CustomerManagedKey"} in properties["capabilities"]


def test_without_a_subdomain_the_endpoint_is_the_regions(case: Case) -> None:
    """No custom subdomain: the endpoint is the region's, and the property stays absent."""
    properties = case.make(location="West Europe", properties={"customSubDomainName": None})["properties"]
    assert properties["endpoint"] == "https://westeurope.api.cognitive.microsoft.com/"
    assert "customSubDomainName" not in properties


@pytest.mark.parametrize("sent", [False, True])
def test_disable_local_auth_is_answered_only_when_true(case: Case, sent: bool) -> None:
    """`disableLocalAuth: false` is as if nothing had been sent."""
    assert ("disableLocalAuth" in case.make(properties={"disableLocalAuth": sent})["properties"]) is sent


def test_location_is_echoed_as_it_was_sent(case: Case) -> None:
    """Unlike a resource group, an account keeps the spelling of its location."""
    assert case.make(location="West Europe")["location"] == "West Europe"


def test_projects_property_appears_in_new_api_versions_only(case: Case) -> None:
    """`allowProjectManagement: false` is answered from 2025-09-01 on."""
    case.make()
    older = case.arm("GET", ACCOUNT, api="2025-06-01").body["properties"]
    newer = case.arm("GET", ACCOUNT, api="2025-09-01").body["properties"]
    assert "allowProjectManagement" not in older
    assert newer["allowProjectManagement"] is False


def test_patch_answers_202_with_the_new_values_at_once(case: Case) -> None:
    """202 Accepted, new values in the body, Azure-AsyncOperation and Location of one operation."""
    before = case.make()
    response = case.arm("PATCH", ACCOUNT, {"sku": {"name": "S"}, "tags": {"a": "b"}})
    url = response.headers["Azure-AsyncOperation"]
    assert response.status == 202
    assert response.body["tags"] == {"a": "b"}
    assert response.body["properties"]["provisioningState"] == "Accepted"
    assert response.headers["Location"] == f"{url}&operationResultResponseType=Location"
    assert case.poll(url).body["status"] == "Updating"
    assert case.poll(url).body["status"] == "Succeeded"
    after = case.get()
    assert after["systemData"]["createdAt"] == before["systemData"]["createdAt"]
    assert after["systemData"]["lastModifiedAt"] != before["systemData"]["lastModifiedAt"]


def test_the_last_write_orders_the_provisioning_state(case: Case) -> None:
    """`provisioningState` is last after a PUT and second after a PATCH."""
    assert list(case.make()["properties"])[-1] == "provisioningState"
    case.patch({"tags": {}})
    assert list(case.get()["properties"])[1] == "provisioningState"


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
    url = response.headers["Azure-AsyncOperation"]
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
    gone = case.arm("GET", f"{PROVIDER}/deletedAccounts").body["value"][0]["id"]
    purged = case.arm("DELETE", gone).headers["Azure-AsyncOperation"]
    assert [case.poll(purged).body["status"] for _ in range(2)] == ["Deleting", "Succeeded"]


def test_absent_account_has_arms_404(case: Case) -> None:
    """GET of an absent account: ResourceNotFound by the gateway, in Azure's words."""
    response = case.arm("GET", f"{ACCOUNTS}/nobody")
    assert error(response) == (404, "ResourceNotFound")
    assert response.headers["x-ms-failure-cause"] == "gateway"
    assert response.body["error"]["message"] == (
        "The Resource 'Microsoft.CognitiveServices/accounts/nobody' under resource group 'rg' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )


def test_lists_hold_the_accounts_of_their_scope(case: Case) -> None:
    """By group and by subscription: each account once, none that was deleted."""
    case.make()
    case.make(f"{ACCOUNTS}/second", properties={"customSubDomainName": None})
    case.make(f"{ACCOUNTS}/third", properties={"customSubDomainName": None})
    case.arm("DELETE", f"{ACCOUNTS}/third")
    for path in (ACCOUNTS, f"{PROVIDER}/accounts"):
        assert [a["name"] for a in case.arm("GET", path).body["value"]] == ["Language-1", "second"]


def test_keys_are_listed_and_regenerated_one_at_a_time(case: Case) -> None:
    """regenerateKey changes the key it names and leaves the other."""
    case.make()
    before = case.arm("POST", f"{ACCOUNT}/listKeys").body
    after = case.arm("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "Key2"}).body
    assert after["key1"] == before["key1"]
    assert after["key2"] != before["key2"]
    assert case.arm("POST", f"{ACCOUNT}/listKeys").body == after


def test_keys_are_refused_when_local_auth_is_off(case: Case) -> None:
    """listKeys with disableLocalAuth: BadRequest in the words users reported."""
    case.make(properties={"disableLocalAuth": True})
    response = case.arm("POST", f"{ACCOUNT}/listKeys")
    assert error(response) == (400, "BadRequest")
    assert response.body["error"]["message"] == "Failed to list key. disableLocalAuth is set to be true."
