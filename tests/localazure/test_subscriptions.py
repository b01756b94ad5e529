"""Subscriptions, tenants, locations and resource providers."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.locations import REGIONS
from tests.support.front import ARM, SUBSCRIPTION, Door, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"


@pytest.fixture
def door() -> Door:
    door = Door()
    door.group("g")
    return door


def test_subscriptions_are_those_the_caller_has_a_role_in(door: Door) -> None:
    """Each principal sees the subscriptions of its tenant where something was granted to it."""
    url = "/subscriptions?api-version=2022-12-01"

    def seen(bearer: str) -> set[str]:
        return {s["subscriptionId"] for s in door.send("GET", ARM + url, bearer=bearer).body["value"]}

    assert seen(token()) == {seed.SUBSCRIPTION_ID, seed.OTHER_SUBSCRIPTION_ID}
    assert seen(token(seed.FOREIGNER)) == {seed.FOREIGN_SUBSCRIPTION_ID}
    tenants = door.send("GET", f"{ARM}/tenants?api-version=2022-12-01").body["value"]
    assert [tenant["tenantId"] for tenant in tenants] == [seed.TENANT_ID]


def test_locations_of_a_subscription(door: Door) -> None:
    """The regions are listed with both names."""
    found = door.send("GET", f"{SUBSCRIPTION}/locations").body["value"]
    assert {location["name"] for location in found} == set(REGIONS)
    assert {"westeurope": "West Europe"}.items() <= {f["name"]: f["displayName"] for f in found}.items()


def test_providers_name_their_types(door: Door) -> None:
    """A provider lists its resource types with regions and api-versions; an unknown one is 404."""
    found = door.send("GET", f"{SUBSCRIPTION}/providers/microsoft.keyvault").body
    assert (found["namespace"], found["registrationState"]) == ("Microsoft.KeyVault", "Registered")
    assert "vaults" in [type["resourceType"] for type in found["resourceTypes"]]
    assert door.send("GET", f"{SUBSCRIPTION}/providers/Microsoft.Nothing").code == "InvalidResourceNamespace"


def test_a_principal_with_one_role_sees_one_subscription(door: Door) -> None:
    """A subscription where nothing was granted is not listed, though it is of the same tenant."""
    from localazure.authorization import assign_role
    from localazure.directory import create_principal

    who = create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="app", managed_identity=False)
    assign_role(door.cloud, who.object_id, "Reader", GROUP)
    found = door.send("GET", f"{ARM}/subscriptions?api-version=2022-12-01", bearer=token(who)).body["value"]
    assert [subscription["subscriptionId"] for subscription in found] == [seed.SUBSCRIPTION_ID]
