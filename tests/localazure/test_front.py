"""The front door: what ARM checks before anything else, and what every answer has."""

from __future__ import annotations

import uuid

import pytest

from localazure.web import Host, host_of
from tests.support.front import ARM, SUBSCRIPTION, Door

GROUPS = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"


@pytest.fixture
def door() -> Door:
    return Door()


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


def test_fails_for_a_host_that_is_not_served(door: Door) -> None:
    """An unknown host is answered 421 with the names that are served."""
    reply = door.send("GET", "https://example.com/")
    assert (reply.status, reply.code) == (421, "MisdirectedRequest")
    assert "management.azure.com" in reply.message


def test_fails_for_an_unknown_route_by_naming_it(door: Door) -> None:
    """A route that does not exist answers 501 with its method, host and path."""
    reply = door.send("GET", f"{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines")
    assert reply.status == 501
    assert f"GET {ARM}{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines" in reply.message


def test_fails_without_an_api_version(door: Door) -> None:
    """ARM refuses a request without api-version before it looks at the token."""
    reply = door.send("GET", f"{ARM}{SUBSCRIPTION}/resourceGroups", bearer="")
    assert (reply.status, reply.code) == (400, "MissingApiVersionParameter")


def test_fails_for_an_api_version_that_is_none(door: Door) -> None:
    """Text that is no date is not taken for an api-version."""
    reply = door.send("GET", f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=latest")
    assert (reply.status, reply.code) == (400, "InvalidApiVersionParameter")


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
    ],
)
def test_fails_for_a_body_that_is_not_an_object(door: Door, content: bytes) -> None:
    """ARM answers 400, and makes nothing, for a PUT whose body is no JSON object."""
    url = f"{SUBSCRIPTION}/resourceGroups/g"
    reply = door.send("PUT", url, content=content)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert door.send("GET", url).status == 404


def test_fails_for_an_unknown_subscription(door: Door) -> None:
    """A subscription that does not exist is 404 SubscriptionNotFound, marked as ARM's own error."""
    url = f"/subscriptions/{uuid.uuid4()}/resourceGroups/g"
    reply = door.send("PUT", url, {"location": "westeurope"})
    assert (reply.status, reply.code) == (404, "SubscriptionNotFound")
    assert reply.headers["x-ms-failure-cause"] == "gateway"


def test_fails_for_a_subscription_that_cannot_be(door: Door) -> None:
    """A placeholder that was left in a path is told as what it is, before anybody looks for it."""
    reply = door.send("GET", "/subscriptions/my-subscription/resourceGroups")
    assert (reply.status, reply.code) == (400, "InvalidSubscriptionId")
    assert "'my-subscription' is malformed or invalid" in reply.message


@pytest.mark.parametrize("tags", ["text", 5, ["a"], {"a": {"b": "c"}}, {"a": []}])
def test_fails_for_tags_that_are_none(door: Door, tags: object) -> None:
    """Tags are names with texts; what is refused does not stay in the way of any list."""
    url = f"{SUBSCRIPTION}/resourceGroups/g"
    reply = door.send("PUT", url, {"location": "westeurope", "tags": tags})
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert door.send("GET", f"{GROUPS}&$filter=tagName%20eq%20'a'").body["value"] == []


def test_arm_tells_the_clients_id_back_where_it_wants_it(door: Door) -> None:
    """`x-ms-client-request-id` comes back from ARM on demand, from the other hosts always."""
    sent = {"x-ms-client-request-id": "yours"}
    assert "x-ms-client-request-id" not in door.send("GET", GROUPS, headers=sent).headers
    other = door.send("GET", "https://v.vault.azure.net/keys?api-version=7.4", headers=sent)
    assert other.headers["x-ms-client-request-id"] == "yours"


def test_every_answer_can_be_traced(door: Door) -> None:
    """Answers carry ids of their own and echo the client's."""
    sent = {
        "x-ms-correlation-request-id": "mine",
        "x-ms-client-request-id": "yours",
        "x-ms-return-client-request-id": "true",
    }
    reply = door.send("GET", GROUPS, headers=sent)
    assert reply.headers["x-ms-correlation-request-id"] == "mine"
    assert reply.headers["x-ms-client-request-id"] == "yours"
    assert len(reply.headers["x-ms-request-id"]) == 36
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


def test_head_has_the_headers_but_no_content(door: Door) -> None:
    """HEAD of an unknown group answers 404 without a body."""
    reply = door.send("HEAD", f"{SUBSCRIPTION}/resourceGroups/g")
    assert (reply.status, reply.body) == (404, None)


def test_a_doubled_slash_in_front_is_forgiven_by_arm(door: Door) -> None:
    """Clients that put a scope behind a slash reach the same resource."""
    door.group("g")
    assert door.send("GET", f"{ARM}/{SUBSCRIPTION}/resourceGroups/g?api-version=2024-03-01").status == 200


def test_an_unregistered_provider_takes_no_writes(door: Door) -> None:
    """A write to a namespace that was unregistered is 409 until it is registered again."""
    group = door.group()
    provider = f"{SUBSCRIPTION}/providers/Microsoft.ManagedIdentity"
    assert door.send("POST", f"{provider}/unregister").body["registrationState"] == "NotRegistered"
    url = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    reply = door.send("PUT", url, {"location": "westeurope"})
    assert (reply.status, reply.code) == (409, "MissingSubscriptionRegistration")
    assert door.send("POST", f"{provider}/register").body["registrationState"] == "Registered"
    assert door.send("PUT", url, {"location": "westeurope"}).status == 201


def test_fails_inside_a_group_that_does_not_exist(door: Door) -> None:
    """Whatever is asked for in an absent group, the group is what is missing."""
    url = f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.KeyVault/vaults/v?api-version=2024-11-01"
    reply = door.send("GET", ARM + url)
    assert (reply.status, reply.code) == (404, "ResourceGroupNotFound")
    assert reply.message == "Resource group 'none' could not be found."


def test_fails_for_a_body_without_end(door: Door) -> None:
    """Ten thousand open brackets are bad content, not a crash."""
    reply = door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/g", content=b'{"a":' + b"[" * 100_000)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
