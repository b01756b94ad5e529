"""Subscriptions, their providers and locations, and resource groups with the delete that takes its time."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.authorization import assign_role
from localazure.directory import create_principal, find_principal
from localazure.locations import REGIONS
from tests.support.front import ARM, SUBSCRIPTION, Door, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"


def test_subscriptions_are_those_the_caller_has_a_role_in(door: Door) -> None:
    """Each principal sees the subscriptions of its tenant where something was granted to it."""
    who = create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="app", managed_identity=False)
    assign_role(door.cloud, who.object_id, "Reader", GROUP)

    def seen(bearer: str) -> set[str]:
        reply = door.send("GET", f"{ARM}/subscriptions?api-version=2022-12-01", bearer=bearer)
        return {one["subscriptionId"] for one in reply.body["value"]}

    assert seen(token()) == {seed.SUBSCRIPTION_ID, seed.OTHER_SUBSCRIPTION_ID}
    assert seen(token(who)) == {seed.SUBSCRIPTION_ID}
    assert seen(token(seed.FOREIGNER)) == {seed.FOREIGN_SUBSCRIPTION_ID}
    tenants = door.send("GET", f"{ARM}/tenants?api-version=2022-12-01").body["value"]
    assert [tenant["tenantId"] for tenant in tenants] == [seed.TENANT_ID]


def test_a_subscription_has_locations_and_providers(door: Door) -> None:
    """Regions are listed with both names, a provider's types by its name; an unknown provider is 404."""
    found = door.send("GET", f"{SUBSCRIPTION}/locations").body["value"]
    assert {location["name"] for location in found} == set(REGIONS)
    assert {"westeurope": "West Europe"}.items() <= {f["name"]: f["displayName"] for f in found}.items()
    provider = door.send("GET", f"{SUBSCRIPTION}/providers/microsoft.keyvault").body
    assert (provider["namespace"], provider["registrationState"]) == ("Microsoft.KeyVault", "Registered")
    assert "vaults" in [type["resourceType"] for type in provider["resourceTypes"]]
    assert door.send("GET", f"{SUBSCRIPTION}/providers/Microsoft.Nothing").code == "InvalidResourceNamespace"


def test_a_put_replaces_a_group_and_a_patch_its_tags_alone(door: Door) -> None:
    """In any case of its name, which stays; tags that a PUT does not send go; a PATCH keeps the location."""
    door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/new", {**WEST, "tags": {"a": "b"}})
    again = door.send("PUT", f"{SUBSCRIPTION}/resourcegroups/NEW", {"location": "westeurope"})
    assert (again.status, again.body["name"]) == (200, "new")
    assert "tags" not in again.body
    reply = door.send("PATCH", GROUP, {"tags": {"x": "y"}})
    assert (reply.body["tags"], reply.body["location"]) == ({"x": "y"}, "westeurope")


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


def test_a_groups_delete_takes_its_contents(door: Door) -> None:
    """On the cloud's clock, however often it is polled; while it is Deleting nothing is made in it, and
    afterwards nothing of it is left."""
    door.send("PUT", IDENTITY, WEST)
    who = door.send("GET", IDENTITY).body["properties"]["principalId"]
    door.cloud.behave(operation_seconds=3600)
    location = door.send("DELETE", GROUP).headers["location"]
    assert door.send("GET", GROUP).body["properties"]["provisioningState"] == "Deleting"
    reply = door.send("PUT", GROUP, WEST)
    assert (reply.status, reply.code) == (409, "ResourceGroupBeingDeleted")
    assert {door.send("GET", location).status for _ in range(5)} == {202}
    door.cloud.clock.advance(3600)
    assert door.send("GET", location).status == 200
    assert door.send("GET", GROUP).status == 404
    assert find_principal(door.cloud, who) is None


def test_a_group_whose_delete_nobody_polls_goes_too(door: Door) -> None:
    """Looking at the group is enough; after it, what was asked for in it finds no group."""
    door.send("DELETE", GROUP)
    assert [door.send("GET", GROUP).status for _ in range(3)] == [200, 404, 404]
    assert [door.send(method, IDENTITY, WEST).code for method in ("GET", "PUT")] == [
        "ResourceGroupNotFound"
    ] * 2


def test_lists_show_the_groups_of_one_subscription(door: Door) -> None:
    """Groups of other subscriptions are not listed."""
    door.send("PUT", f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups/other", WEST)
    listed = door.send("GET", f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01").body["value"]
    assert [group["name"] for group in listed] == ["g"]
