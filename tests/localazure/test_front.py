"""The front door: what ARM checks before anything else, and what every answer has."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.web import Host, host_of
from tests.support.front import ARM, SUBSCRIPTION, Door

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
GROUPS = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"
WEST = {"location": "westeurope"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("management.azure.com", (Host.ARM, "management")),
        ("MANAGEMENT.azure.com", (Host.ARM, "management")),
        ("management.azure.com:443", None),
        ("Contoso.vault.azure.net", (Host.VAULT, "contoso")),
        ("a.b.vault.azure.net", None),
        (".vault.azure.net", None),
        ("vault.azure.net", None),
        ("management.azure.com.evil.example", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_a_host_name_is_one_of_ours_or_nothing(name: str, expected: object) -> None:
    """Only the four names, wildcards standing for one label, lead anywhere."""
    assert host_of(name) == expected


@pytest.mark.parametrize(
    ("url", "status", "code", "message"),
    [
        ("https://example.com/", 421, "MisdirectedRequest", "management.azure.com"),
        (
            f"{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines",
            501,
            "NotImplemented",
            f"GET {ARM}{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines",
        ),
        # Before the token is looked at.
        (f"{ARM}{SUBSCRIPTION}/resourceGroups", 400, "MissingApiVersionParameter", ""),
        (f"{GROUPS[:-10]}latest", 400, "InvalidApiVersionParameter", ""),
        (
            "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups",
            404,
            "SubscriptionNotFound",
            "",
        ),
        (
            "/subscriptions/my-subscription/resourceGroups",
            400,
            "InvalidSubscriptionId",
            "'my-subscription' is malformed or invalid",
        ),
        (
            f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.KeyVault/vaults/v?api-version=2024-11-01",
            404,
            "ResourceGroupNotFound",
            "Resource group 'none' could not be found.",
        ),
    ],
)
def test_fails_for_what_cannot_be_asked(url: str, status: int, code: str, message: str) -> None:
    """A host, route, version, subscription or group that is none is told as what it is."""
    reply = Door().send("GET", url, bearer="" if code == "MissingApiVersionParameter" else None)
    assert (reply.status, reply.code) == (status, code)
    assert message in reply.message
    if code == "SubscriptionNotFound":
        assert reply.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"",
        b"   ",
        b"null",
        b'{"location": "westeurope", "managedBy": NaN}',
        b'{"a":' + b"[" * 100_000,
        *(
            b'{"location": "westeurope", "tags": %s}' % tags
            for tags in (b'"x"', b"5", b'["a"]', b'{"a": []}')
        ),
        b'{"location": "westeurope", "tags": {"a": {"b": "c"}}}',
    ],
    ids=lambda content: repr(content[:40]),
)
def test_fails_for_a_body_that_is_not_an_object(content: bytes) -> None:
    """ARM answers 400, and makes nothing that could be in the way of a list, for a PUT whose body is no JSON
    object or whose tags are no names with texts."""
    door = Door()
    reply = door.send("PUT", GROUP, content=content)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert door.send("GET", GROUP).status == 404
    assert door.send("GET", f"{GROUPS}&$filter=tagName%20eq%20'a'").body["value"] == []


def test_every_answer_can_be_traced() -> None:
    """Answers carry ids of their own and echo the client's: ARM on demand, the other hosts always."""
    door = Door()
    sent = {"x-ms-correlation-request-id": "mine", "x-ms-client-request-id": "yours"}
    silent = door.send("GET", GROUPS, headers=sent)
    asked = door.send("GET", GROUPS, headers={**sent, "x-ms-return-client-request-id": "true"})
    other = door.send("GET", "https://v.vault.azure.net/keys?api-version=7.4", headers=sent)
    told = [reply.headers.get("x-ms-client-request-id") for reply in (silent, asked, other)]
    assert told == [None, "yours", "yours"]
    assert asked.headers["x-ms-correlation-request-id"] == "mine"
    assert len(asked.headers["x-ms-request-id"]) == 36
    assert asked.headers["content-type"] == "application/json; charset=utf-8"


def test_the_ways_to_ask_for_a_group() -> None:
    """HEAD has the headers but no content; clients that put a scope behind a slash reach the same one."""
    door = Door()
    absent = door.send("HEAD", GROUP)
    assert (absent.status, absent.body) == (404, None)
    door.group("g")
    assert door.send("GET", f"{ARM}/{GROUP}?api-version=2024-03-01").status == 200


def test_an_unregistered_provider_takes_no_writes() -> None:
    """A write to a namespace that was unregistered is 409 until it is registered again."""
    door = Door()
    url = f"{door.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    provider = f"{SUBSCRIPTION}/providers/Microsoft.ManagedIdentity"
    found: list[Any] = []
    for act in ("unregister", "register"):
        found.append(door.send("POST", f"{provider}/{act}").body["registrationState"])
        reply = door.send("PUT", url, WEST)
        found.append((reply.status, "" if reply.status == 201 else reply.code))
    assert found == ["NotRegistered", (409, "MissingSubscriptionRegistration"), "Registered", (201, "")]
