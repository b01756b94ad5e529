"""Storage and search that an account is linked to: kept by every update, or as the settings say."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.engine.shared import done, refused
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import ACCOUNTS, KEY_VAULT, Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]

_GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-data"
_DATA = f"{_GROUP}/providers"
STORAGE, OTHER_STORAGE = (f"{_DATA}/Microsoft.Storage/storageAccounts/{name}" for name in ("st1", "st2"))
SEARCH = f"{_DATA}/Microsoft.Search/searchServices/srch-claims"
IDENTITY = "7d2f0b57-0a35-4d4e-9d7c-3c0a2d3c4b5a"
LINKED = [{"resourceId": STORAGE, "identityClientId": IDENTITY}]


def stored(azure: RunningAzure) -> dict[str, Any]:
    """The account's properties as the cloud holds them, with what no answer shows."""
    (account,) = cloud.documents(azure, "account")
    found: dict[str, Any] = account["body"]["properties"]
    return found


def roles(judge: Judge) -> dict[str, list[str]]:
    """Who has a role on each storage account itself."""
    found = {}
    for id in (STORAGE, OTHER_STORAGE):
        listed = judge.arm("GET", f"{id}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
        given = [one["properties"] for one in listed["value"]]
        found[id] = [one["principalId"] for one in given if one["scope"] == id]
    return found


def settled(stack: Stack, *words: str) -> None:
    """One update, and nothing left to do after it, with a refresh, and then without one."""
    done(stack.deploy(*words))
    for refresh in ("--refresh=true", "--refresh=false"):
        done(stack.deploy("--expect-no-changes", refresh))


@pytest.mark.parametrize("identity", ["systemAssigned", "userAssigned"])
def test_what_the_portal_linked_stays(stack: Stack, azure: RunningAzure, identity: str) -> None:
    """No update takes away what somebody linked in the portal, whether the state knows of it or not; a write
    that would drop the key of a search service is refused, and made once the key is given."""
    stack.configure(identity=identity, vault=None, key=None)
    settled(stack)
    judge = Judge(azure, stack)
    body = {"properties": {"userOwnedStorage": LINKED, "dynamicThrottlingEnabled": True}}
    judge.arm("PATCH", judge.account_id, ACCOUNTS, body)
    for tags in ({"changed": "yes"}, {"changed": "again"}):
        stack.configure(tags=tags)
        settled(stack, "--refresh=false")
        assert stored(azure)["userOwnedStorage"] == LINKED
        assert stored(azure)["dynamicThrottlingEnabled"] is True

    search = {"qnaAzureSearchEndpointId": SEARCH, "qnaAzureSearchEndpointKey": "the-key-of-the-search"}
    judge.arm("PATCH", judge.account_id, ACCOUNTS, {"properties": {"apiProperties": search}})
    stack.configure(tags={"changed": "a third time"})
    refused(stack.deploy("--refresh=false"), "searchServiceKey")
    assert stored(azure)["apiProperties"] == search
    stack.configure(searchServiceId=SEARCH, searchServiceKey="the-key-of-the-search")
    settled(stack)
    assert stored(azure)["apiProperties"] == search
    assert stored(azure)["userOwnedStorage"] == LINKED
    assert {state["keySource"] for state in judge.history()[-3:]} == {KEY_VAULT}
    assert "the-key-of-the-search" not in str(stack.resources())


def test_links_are_what_the_settings_say(stack: Stack, azure: RunningAzure) -> None:
    """Storage and search are linked, changed and taken away by settings, with the role of the account's
    identity on the storage, which is in another subscription; a link that stays keeps the identity that reads
    it."""
    judge = Judge(azure, stack)
    judge.arm("PUT", _GROUP, "2024-03-01", {"location": "westeurope"})
    for id in (STORAGE, OTHER_STORAGE):
        judge.arm("PUT", id, "2023-05-01", {"location": "westeurope"})
    stack.configure(storageAccountIds=[STORAGE], searchServiceId=SEARCH, searchServiceKey="key-1")
    settled(stack)
    assert stored(azure)["userOwnedStorage"] == [{"resourceId": STORAGE}]
    assert roles(judge) == {STORAGE: [judge.principal_id()], OTHER_STORAGE: []}
    judge.arm("PATCH", judge.account_id, ACCOUNTS, {"properties": {"userOwnedStorage": LINKED}})
    stack.configure(storageAccountIds=[STORAGE, OTHER_STORAGE], searchServiceKey="key-2")
    settled(stack)
    assert stored(azure)["userOwnedStorage"] == [*LINKED, {"resourceId": OTHER_STORAGE}]
    assert stored(azure)["apiProperties"]["qnaAzureSearchEndpointKey"] == "key-2"
    assert roles(judge) == {id: [judge.principal_id()] for id in (STORAGE, OTHER_STORAGE)}
    stack.configure(storageAccountIds=[])
    settled(stack)
    assert stored(azure).get("userOwnedStorage", []) == []
    assert roles(judge) == {STORAGE: [], OTHER_STORAGE: []}
    assert cloud.unbound_moments(azure, judge.account_id) == []
