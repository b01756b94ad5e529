"""Private endpoints that a change moves, or that fail half-way, lead out."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from localazure.front import Raw
from tests.remediation.following import Way
from tests.remediation.world import EXISTING_VAULT, GROUP, NETWORKS, World, make_networks, standing
from tests.support.engine import Held

ENDPOINT = "azure-native:network:PrivateEndpoint"
ZONES = [
    f"{NETWORKS.rpartition('/')[0]}/privateDnsZones/privatelink.{name}"
    for name in ("cognitiveservices.azure.com", "vaultcore.azure.net")
]
SOA_AND_ONE = 2
"""The record sets of a zone that resolves to one endpoint."""


@pytest.fixture
def private() -> World:
    """A stack with private endpoints of account and vault."""
    return in_a_subnet("access policies")


def in_a_subnet(mode: str, **settings: Any) -> World:
    """A stack whose private endpoints are in the subnet `endpoints` of one of two networks."""
    world = standing(mode, **settings)
    make_networks(world)
    for zone in ZONES:
        world.arm("PUT", zone, {"location": "global"})
    assert moved(world, "vnet/subnets/endpoints") == ""
    return world


def moved(world: World, subnet: str) -> str:
    """An update that declares another subnet for the endpoints; what it was refused with."""
    where = {"subnet_id": f"{NETWORKS}/{subnet}", "private_dns_zone_ids": ZONES}
    world.settings["network"] = {"access": "private", **where}
    return world.up()


def endpoints(world: World) -> list[str]:
    """The subnets that the live endpoints of the service are in."""
    listed = world.arm("GET", f"{GROUP}/Microsoft.Network/privateEndpoints")["value"]
    return [one["properties"]["subnet"]["id"].rsplit("/virtualNetworks/", 1)[1] for one in listed]


@pytest.mark.parametrize("to", ["vnet/subnets/others", "hub/subnets/endpoints"])
def test_an_endpoint_moves_with_its_dns(private: World, to: str) -> None:
    """Of each kind; the new one is what the zones resolve to."""
    assert moved(private, to) == ""
    assert endpoints(private) == [to, to]
    for zone in ZONES:
        assert private.arm("GET", zone)["properties"]["numberOfRecordSets"] == SOA_AND_ONE
    assert private.must_up() == []


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("write", [1, 2])
def test_dns_that_fails_in_a_move_is_made_good(write: int, *, arrives: bool) -> None:
    """A zone group is not written, or the answer is lost. The next update makes good what is missing, and the
    zone resolves to the new endpoint alone."""
    private = in_a_subnet(EXISTING_VAULT)
    written = 0

    def fail(raw: Raw) -> None:
        nonlocal written
        if raw.method in ("PUT", "DELETE") and "/privatednszonegroups/" in raw.path.lower():
            written += 1
            if written == write:
                raise requests.ConnectionError("the connection broke")

    way = "after" if arrives else "before"
    setattr(private.wire, way, fail)
    said = moved(private, "hub/subnets/endpoints")
    setattr(private.wire, way, lambda _: None)
    assert "the connection broke" in said
    Way(private).follow()
    assert private.must_up() == []
    assert endpoints(private) == ["hub/subnets/endpoints"]
    assert private.arm("GET", ZONES[0])["properties"]["numberOfRecordSets"] == SOA_AND_ONE


def test_a_subnet_that_azure_refuses_takes_no_endpoint_away(private: World) -> None:
    """Without room, or of another region's network: what only Azure finds out is asked before."""
    small = {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "full", "properties": {"addressPrefix": "10.1.0.0/29"}}],
    }
    private.arm("PUT", f"{NETWORKS}/small", {"location": "westeurope", "properties": small})
    private.arm("PUT", f"{NETWORKS}/north", {"location": "northeurope", "properties": small})
    full = {"id": f"{NETWORKS}/small/subnets/full"}
    for number in range(3):
        target = {
            "name": "a",
            "properties": {"privateLinkServiceId": private.account_id, "groupIds": ["account"]},
        }
        body = {"subnet": full, "privateLinkServiceConnections": [target]}
        id = f"{GROUP}/Microsoft.Network/privateEndpoints/other-{number}"
        private.arm("PUT", id, {"location": "westeurope", "properties": body})
    for subnet, why in (("small", "has no address left"), ("north", "InvalidResourceReference")):
        assert why in moved(private, f"{subnet}/subnets/full")
        assert private.engine.operations == []
        assert sorted(endpoints(private)) == ["small/subnets/full"] * 3 + ["vnet/subnets/endpoints"] * 2
    assert moved(private, "vnet/subnets/endpoints") == ""
    assert private.engine.operations == []


def test_zones_that_an_earlier_version_made_leave_the_state_and_stay(private: World) -> None:
    """The record of an endpoint depends on its zone, so that it goes from the state, too, and is taken in
    again: no zone and no record is deleted."""
    (group,) = (urn for urn in private.engine.state if urn.endswith("claims-account-dns"))
    zone = f"{group.partition('azure-native')[0]}azure-native:privatedns:PrivateZone::claims-account-zone"
    found = {"id": ZONES[0], "location": "global"}
    private.engine.state[zone] = Held("azure-native:privatedns:PrivateZone", ZONES[0], {}, found)
    assert "`pulumi state delete --target-dependents 'URN'`" in private.up()
    for urn in (zone, group):
        del private.engine.state[urn]
    way = Way(private)
    way.follow()
    assert way.steps == ["import claims-account-dns"]
    assert private.must_up() == []
    assert private.arm("GET", ZONES[0])["properties"]["numberOfRecordSets"] == SOA_AND_ONE


def test_an_upgrade_to_foundry_under_a_key_says_what_else_it_asks_for() -> None:
    """Azure's request form, and the endpoint that is to be made anew, until an update has recorded it."""
    world = in_a_subnet("access policies", kind="OpenAI")
    world.must_up()
    world.settings["kind"] = "AIServices"
    assert world.preview() == ""
    request, endpoint = world.engine.warnings
    assert "Azure upgrades such an account by request only" in request
    assert "pulumi up --target-replace '**::claims-account-endpoint' --target-dependents" in endpoint
    world.must_up()
    assert world.must_up() == []
    assert world.engine.warnings == []
