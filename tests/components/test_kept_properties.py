"""What a write of an account keeps of it, besides its encryption: pure, and in the requests of a program."""

from __future__ import annotations

import re
from typing import Any

import pulumi
from pulumi.runtime.sync_await import _sync_await

from components.kept_properties import KEPT, SEARCH_LINK, declared_links, lost_search, with_kept
from tests.support.recording import service

_DATA = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/rg-data/providers"
STORAGE = f"{_DATA}/Microsoft.Storage/storageAccounts/st1"
SEARCH = f"{_DATA}/Microsoft.Search/searchServices/srch-claims"
LINKED = [{"resourceId": STORAGE.upper(), "identityClientId": "c"}]


def kept(declared: dict[str, Any], **live: Any) -> dict[str, Any]:
    return with_kept(declared, {"properties": live})


def test_what_the_account_has_is_repeated() -> None:
    """Only what it has, and nothing that Azure adds by itself."""
    live = {"userOwnedStorage": LINKED, "endpoint": "https://x", "allowedFqdnList": [], "apiProperties": None}
    assert kept({"disable_local_auth": True}, **live) == {
        "disable_local_auth": True,
        "userOwnedStorage": LINKED,
    }
    assert with_kept({}, None) == {}


def test_settings_count_before_what_the_account_has() -> None:
    """A link that stays keeps the identity that reads it; an empty list links nothing."""
    assert kept(declared_links([STORAGE], None, None), userOwnedStorage=LINKED) == {
        "userOwnedStorage": LINKED
    }
    assert kept(declared_links([], None, None), userOwnedStorage=LINKED) == {"userOwnedStorage": []}


def test_a_service_that_answers_nulls_has_nothing() -> None:
    """Language accounts answer `qnaAzureSearchEndpointKey: null` though they have no search service."""
    assert kept({}, apiProperties={"qnaAzureSearchEndpointKey": None}) == {}
    assert kept({}, apiProperties={"statisticsEnabled": True, "superUser": None}) == {
        "apiProperties": {"statisticsEnabled": True}
    }


def test_a_search_service_is_never_written_without_its_key() -> None:
    """The refusal names the settings and the command that shows the key; with both given, they are written,
    and what else the account has stays."""
    live = {"qnaAzureSearchEndpointId": SEARCH, "qnaAzureSearchEndpointKey": None, "statisticsEnabled": True}
    account = {"properties": {"apiProperties": live}}
    assert kept({}, apiProperties=live) == {}
    for sent in ({}, {"apiProperties": {"qnaAzureSearchEndpointId": SEARCH}}):
        told = lost_search("lang-claims", {"properties": sent}, account)
        assert told is not None
        assert re.search(r"searchServiceKey.*--service-name srch-claims .* rg-data", told)
    linked = {"properties": {"apiProperties": {"qnaAzureSearchEndpointKey": "key"}}}
    assert lost_search("lang-claims", linked, account) is None
    assert lost_search("lang-claims", {}, {"properties": {"apiProperties": None}}) is None
    found = kept(declared_links(None, SEARCH, "key"), apiProperties=live)["apiProperties"]
    assert (found["qnaAzureSearchEndpointId"], found["statisticsEnabled"]) == (SEARCH, True)
    assert _sync_await(found["qnaAzureSearchEndpointKey"].future()) == "key"


def test_the_key_of_the_search_is_a_secret() -> None:
    """The state has it encrypted."""
    sent = service(search_service_id=SEARCH, search_service_key="one").one(":Account").inputs["properties"]
    assert pulumi.runtime.rpc.is_rpc_secret(sent)
    found = {"qnaAzureSearchEndpointId": SEARCH, "qnaAzureSearchEndpointKey": "one"}
    assert pulumi.runtime.rpc.unwrap_rpc_secret(sent)["apiProperties"] == found


def test_the_paths_are_those_of_the_account() -> None:
    """A misspelt path would be ignored in silence, so each is one of azure-native's."""
    from pulumi_azure_native.cognitiveservices import AccountPropertiesArgs, ApiPropertiesArgs

    def names(args: type) -> set[str]:
        words = (name.split("_") for name in vars(args) if not name.startswith("_"))
        return {first + "".join(word.title() for word in rest) for first, *rest in words}

    assert {path.removeprefix("properties.") for path in (*KEPT, SEARCH_LINK)} <= names(AccountPropertiesArgs)
    assert {"qnaAzureSearchEndpointId", "qnaAzureSearchEndpointKey"} <= names(ApiPropertiesArgs)
