"""What a write of an account keeps of it, besides its encryption: pure, and in the requests of a program."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest
from pulumi.runtime.sync_await import _sync_await

from components.resources.kept_properties import (
    KEPT,
    SEARCH_LINK,
    declared_links,
    missing_search_key,
    with_kept,
)
from tests.support.recording import service

_DATA = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/rg-data/providers"
STORAGE = f"{_DATA}/Microsoft.Storage/storageAccounts/st1"
SEARCH = f"{_DATA}/Microsoft.Search/searchServices/srch-claims"
LINKED = [{"resourceId": STORAGE.upper(), "identityClientId": "c"}]


def kept(declared: dict[str, Any], **live: Any) -> dict[str, Any]:
    return with_kept(declared, {"properties": live})


NOTHING: dict[str, Any] = {}
HAS_STORAGE: dict[str, Any] = {"userOwnedStorage": LINKED}
STATISTICS: dict[str, Any] = {"apiProperties": {"statisticsEnabled": True}}


@pytest.mark.parametrize(
    ("declared", "live", "repeated"),
    [
        # Nothing that Azure adds by itself is repeated.
        (NOTHING, {**HAS_STORAGE, "endpoint": "https://x", "allowedFqdnList": []}, HAS_STORAGE),
        ({"disable_local_auth": True}, {"apiProperties": None}, {"disable_local_auth": True}),
        ({"allowedFqdnList": ["a"]}, {"allowedFqdnList": ["b"]}, {"allowedFqdnList": ["a"]}),
        # A link that stays keeps the identity that reads it; an empty list links nothing.
        (declared_links([STORAGE], None, None), HAS_STORAGE, HAS_STORAGE),
        (declared_links([], None, None), HAS_STORAGE, {"userOwnedStorage": []}),
        # Language accounts answer nulls though they have no search service.
        (NOTHING, {"apiProperties": {"qnaAzureSearchEndpointKey": None}}, NOTHING),
        (NOTHING, {"apiProperties": {"statisticsEnabled": True, "superUser": None}}, STATISTICS),
    ],
)
def test_what_the_account_has_is_repeated(
    declared: dict[str, Any], live: dict[str, Any], repeated: dict[str, Any]
) -> None:
    """Only what it has; and settings count before it."""
    assert kept(declared, **live) == repeated
    assert with_kept(declared, None) == declared


def test_a_search_service_is_never_written_without_its_key() -> None:
    """The refusal names the settings and the command that shows the key; with both given, they are written,
    and what else the account has stays."""
    live = {"qnaAzureSearchEndpointId": SEARCH, "qnaAzureSearchEndpointKey": None, "statisticsEnabled": True}
    account = {"properties": {"apiProperties": live}}
    assert kept({}, apiProperties=live) == {}
    for sent in ({}, {"apiProperties": {"qnaAzureSearchEndpointId": SEARCH}}):
        told = missing_search_key("lang-claims", {"properties": sent}, account)
        assert told is not None
        assert re.search(r"searchServiceKey.*--service-name srch-claims .* rg-data", told)
    linked = {"properties": {"apiProperties": {"qnaAzureSearchEndpointKey": "key"}}}
    assert missing_search_key("lang-claims", linked, account) is None
    assert missing_search_key("lang-claims", {}, {"properties": {"apiProperties": None}}) is None
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
