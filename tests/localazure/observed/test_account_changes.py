"""Microsoft.CognitiveServices/accounts as observed: PATCH, GET and etags."""

from __future__ import annotations

import pytest

from tests.localazure.observed.fact import (
    ABSENT,
    GATEWAY,
    GUID,
    TIME,
    Fact,
    Step,
    answer,
    check,
    scene,
)
from tests.localazure.observed.test_accounts import ACCOUNT, API, IDENTITY, POLL, URL, body, create

MICROSOFT = {"keySource": "Microsoft.CognitiveServices"}
MADE = (
    create(
        identity={"type": "SystemAssigned"},
        tags={"a": "b"},
        properties={"customSubDomainName": "language-1"},
    ),
    POLL,
    POLL,
)
IDENTIFYING = ("kind", "sku", "properties.internalId", "properties.dateCreated")
OPERATION = "https://management.azure.com/subscriptions/.*/operationResults/.*"
PATCHED = Step("PATCH", URL, {"tags": {"c": "d"}})
FACTS = (
    Fact(
        "a patch is accepted with the new values in it",
        "PATCH",
        URL,
        202,
        {"tags": {"c": "d"}},
        given=MADE,
        matching={
            "etag": f'"{GUID}"',
            "azure-asyncoperation": OPERATION,
            "location": f"{OPERATION}&operationResultResponseType=Location",
        },
        without=("retry-after",),
        has={"tags": {"c": "d"}, "properties.provisioningState": "Accepted"},
        kept=("identity", *IDENTIFYING, "properties.customSubDomainName", "systemData.createdAt"),
        moved=("etag", "systemData.lastModifiedAt"),
    ),
    Fact(
        "after a patch the state is the second property",
        "PATCH",
        URL,
        202,
        {"tags": {}},
        given=(create(),) + (POLL,) * 2,
        keys={
            "properties": (
                "endpoint",
                "provisioningState",
                "internalId",
                "dateCreated",
                "isMigrated",
                "privateEndpointConnections",
                "publicNetworkAccess",
                "capabilities",
                "apiProperties",
                "endpoints",
            )
        },
    ),
    Fact(
        "after a put the state is the last property",
        "GET",
        URL,
        200,
        given=(create(),),
        keys={
            "properties": (
                "endpoint",
                "internalId",
                "dateCreated",
                "isMigrated",
                "privateEndpointConnections",
                "publicNetworkAccess",
                "capabilities",
                "apiProperties",
                "endpoints",
                "provisioningState",
            )
        },
    ),
    Fact(
        "a patch's operation is updating",
        "GET",
        "{azure-asyncoperation}",
        200,
        given=(*MADE, PATCHED),
        has={"status": "Updating"},
    ),
    Fact(
        "a patch's operation succeeds",
        "GET",
        "{azure-asyncoperation}",
        200,
        given=(*MADE, PATCHED, POLL),
        has={"status": "Succeeded"},
        like={"endTime": TIME},
    ),
    Fact(
        "the encryption block of the CLI is taken as it is",
        "PATCH",
        URL,
        202,
        {"sku": {"name": "S"}, "properties": {"encryption": MICROSOFT}},
        given=MADE,
        has={"properties.encryption": MICROSOFT, "tags": {"a": "b"}},
        kept=("identity", "sku"),
    ),
    Fact(
        "PowerShell's identity is added beside the one there is, which stays the same",
        "PATCH",
        URL,
        202,
        {
            "identity": {
                "type": "SystemAssigned, UserAssigned",
                "userAssignedIdentities": {IDENTITY: {}},
            },
            "properties": {},
        },
        given=(*MADE, Step("PUT", f"{IDENTITY}?api-version=2023-01-31", {"location": "westeurope"})),
        has={"identity.type": "SystemAssigned, UserAssigned"},
        kept=("identity.principalId", "tags"),
    ),
    Fact("a get has the etag as a header", "GET", URL, 200, given=MADE, matching={"etag": f'"{GUID}"'}),
    Fact(
        "an absent account is the gateway's 404",
        "GET",
        f"{ACCOUNT}x{API}",
        404,
        headers=GATEWAY,
        has={"error.code": "ResourceNotFound"},
        message="The Resource 'Microsoft.CognitiveServices/accounts/languagex' under resource group 'net' "
        f"{ABSENT}",
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_accounts_change_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)


def test_headers_repeat_the_body_and_one_another() -> None:
    """ETag is the body's etag; Location is the operation's address and one parameter more."""
    reply, _ = answer(scene(), Fact("", "PATCH", URL, 202, {"tags": {}}, given=MADE))
    assert reply.headers["etag"] == reply.body["etag"]
    operation = reply.headers["azure-asyncoperation"]
    assert reply.headers["location"] == f"{operation}&operationResultResponseType=Location"


def test_no_etag_of_a_life_repeats() -> None:
    """Create, its end, PATCH and its end: each write has an etag, and each end another."""
    door, seen = scene(), []
    for method, send in (("PUT", body()), ("PATCH", {"tags": {}})):
        reply = door.send(method, URL, send)
        seen.append(reply.body["etag"])
        for _ in range(2):
            door.send("GET", reply.headers["azure-asyncoperation"])
        seen.append(door.send("GET", URL).body["etag"])
    assert len(set(seen)) == 4


def test_an_operation_is_polled_as_it_was_given() -> None:
    """Another signature is refused (assumed); without one, as before late 2023, the poll passes."""
    door = scene()
    url = door.send("PUT", URL, body()).headers["azure-asyncoperation"]
    assert door.send("GET", url[:-2]).status == 400
    assert door.send("GET", url.split("&t=")[0]).body["status"] == "Creating"


def test_the_location_of_a_patch_leads_to_the_account() -> None:
    """202 with the same Location while it runs, then the account as it is (assumed)."""
    door = scene()
    reply, _ = answer(door, Fact("", "PATCH", URL, 202, {"tags": {"c": "d"}}, given=MADE))
    url = reply.headers["location"]
    running = door.send("GET", url)
    assert (running.status, running.headers["location"], running.body) == (202, url, None)
    ended = door.send("GET", url)
    assert ended.status == 200
    assert ended.body["tags"] == {"c": "d"}
    assert ended.body["properties"]["provisioningState"] == "Succeeded"
