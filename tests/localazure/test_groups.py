"""Resource groups: making, listing and changing them, and the delete that takes its time."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.directory import find_principal
from tests.support.front import ARM, SUBSCRIPTION, Door

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"


@pytest.fixture
def door() -> Door:
    door = Door()
    door.group("g")
    return door


def test_a_put_replaces_a_group(door: Door) -> None:
    """In any case of its name, which stays; tags that are not sent go."""
    door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/new", {**WEST, "tags": {"a": "b"}})
    again = door.send("PUT", f"{SUBSCRIPTION}/resourcegroups/NEW", {"location": "westeurope"})
    assert (again.status, again.body["name"]) == (200, "new")
    assert "tags" not in again.body


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "LocationRequired"),
        ({"location": 5}, 400, "LocationRequired"),
        ({"location": "middleearth"}, 400, "LocationNotAvailableForResourceGroup"),
        ({"location": "eastus"}, 409, "InvalidResourceGroupLocation"),
    ],
)
def test_fails_for_a_wrong_location(door: Door, body: dict[str, object], status: int, code: str) -> None:
    """A group needs a region that exists, and stays in it."""
    reply = door.send("PUT", GROUP, body)
    assert (reply.status, reply.code) == (status, code)


def test_a_patch_changes_tags_only(door: Door) -> None:
    """PATCH merges: tags are replaced, the location stays."""
    reply = door.send("PATCH", GROUP, {"tags": {"x": "y"}})
    assert (reply.body["tags"], reply.body["location"]) == ({"x": "y"}, "westeurope")


def test_a_groups_delete_takes_its_contents(door: Door) -> None:
    """While it is Deleting nothing is made in it, and afterwards nothing of it is left."""
    door.send("PUT", IDENTITY, WEST)
    who = door.send("GET", IDENTITY).body["properties"]["principalId"]
    door.cloud.behave(operation_seconds=60)
    location = door.send("DELETE", GROUP).headers["location"]
    assert door.send("GET", GROUP).body["properties"]["provisioningState"] == "Deleting"
    reply = door.send("PUT", GROUP, WEST)
    assert (reply.status, reply.code) == (409, "ResourceGroupBeingDeleted")
    assert door.send("GET", location).status == 202
    door.cloud.clock.advance(60)
    assert door.send("GET", location).status == 200
    assert door.send("GET", GROUP).status == 404
    assert find_principal(door.cloud, who) is None


def test_a_slow_delete_ends_on_the_cloud_clock(door: Door) -> None:
    """However often it is polled, a delete of an hour takes an hour of the cloud's time."""
    door.cloud.behave(operation_seconds=3600)
    location = door.send("DELETE", GROUP).headers["location"]
    assert {door.send("GET", location).status for _ in range(5)} == {202}
    door.cloud.clock.advance(3600)
    assert door.send("GET", location).status == 200


def test_a_group_whose_delete_nobody_polls_goes_too(door: Door) -> None:
    """Looking at the group is enough; after it, what was asked for in it finds no group."""
    door.send("DELETE", GROUP)
    assert [door.send("GET", GROUP).status for _ in range(3)] == [200, 404, 404]
    assert door.send("GET", IDENTITY).code == "ResourceGroupNotFound"
    assert door.send("PUT", IDENTITY, WEST).code == "ResourceGroupNotFound"


def test_lists_show_the_groups_of_one_subscription(door: Door) -> None:
    """Groups of other subscriptions are not listed; a tag filter is honoured."""
    door.send("PUT", f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups/other", WEST)
    door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/t", {**WEST, "tags": {"team": "a"}})
    url = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"
    assert [group["name"] for group in door.send("GET", url).body["value"]] == ["g", "t"]
    filtered = f"{url}&$filter=tagName%20eq%20'team'%20and%20tagValue%20eq%20'a'"
    assert [group["name"] for group in door.send("GET", filtered).body["value"]] == ["t"]
