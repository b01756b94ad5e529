"""Private DNS zones, and the names and addresses of private endpoints, as ARM answers them."""

from __future__ import annotations

import pytest

from localazure.network import addresses
from localazure.network.zone_groups import label_in
from tests.localazure.network.case import ZONE, Case, furnished


@pytest.fixture
def case() -> Case:
    return furnished()


def test_a_zone_group_puts_the_endpoints_name_into_the_zone(case: Case) -> None:
    """202 for zone and link, 201 for the group; the zone then holds an A record with the address."""
    zone = case.send("PUT", case.zone, {"location": "Global"})
    assert (zone.status, zone.body) == (202, {})
    assert "/privateDnsOperationStatuses/" in zone.headers["azure-asyncoperation"]
    case.finish(zone)
    link = f"{case.zone}/virtualNetworkLinks/link"
    network = {"virtualNetwork": {"id": case.network}, "registrationEnabled": False}
    linked = case.made(link, {"location": "global", "properties": network})
    assert linked.body["properties"]["virtualNetworkLinkState"] == "Completed"
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    group = f"{case.endpoint}/privateDnsZoneGroups/default"
    config = {"name": "vault", "properties": {"privateDnsZoneId": case.zone}}
    made = case.made(group, {"properties": {"privateDnsZoneConfigs": [config]}}).body["properties"]
    [record] = made["privateDnsZoneConfigs"][0]["properties"]["recordSets"]
    assert (record["fqdn"], record["ipAddresses"]) == (f"contoso-1.{ZONE}", ["10.0.1.4"])
    shown = case.send("GET", case.zone).body["properties"]
    assert (shown["numberOfRecordSets"], shown["numberOfVirtualNetworkLinks"]) == (2, 1)
    record = case.send("GET", f"{case.zone}/SOA/@").body
    assert (record["name"], record["properties"]["fqdn"]) == ("@", f"{ZONE}.")
    case.send("DELETE", case.endpoint)
    assert case.send("GET", group).status == 404
    assert case.send("GET", case.zone).body["properties"]["numberOfRecordSets"] == 1


def test_fails_to_delete_what_is_still_needed(case: Case) -> None:
    """A subnet with an endpoint, its network, and a zone with a link stay."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    case.made(case.zone, {"location": "global"})
    network = {"virtualNetwork": {"id": case.network}}
    case.made(f"{case.zone}/virtualNetworkLinks/link", {"location": "global", "properties": network})
    codes = [case.send("DELETE", id).code for id in (case.subnet, case.network, case.zone)]
    assert codes == ["InUseSubnetCannotBeDeleted", "InUseSubnetCannotBeDeleted", "CannotDeleteResource"]


def test_fails_to_make_a_private_zone_in_a_region() -> None:
    """Private DNS is global."""
    case = Case()
    assert (
        case.send("PUT", case.zone, {"location": "westeurope"}).code == "LocationNotAvailableForResourceType"
    )


def test_addresses_start_after_those_azure_keeps() -> None:
    """The first four and the last address of a subnet are Azure's."""
    assert addresses.free_address("10.0.0.0/29", ()) == "10.0.0.4"
    assert addresses.free_address("10.0.0.0/29", {"10.0.0.4", "10.0.0.5", "10.0.0.6"}) is None


@pytest.mark.parametrize(
    ("fqdn", "zone", "label"),
    [
        ("a.vault.azure.net", ZONE, "a"),
        ("a.cognitiveservices.azure.com", "privatelink.cognitiveservices.azure.com", "a"),
        ("a.cognitiveservices.azure.com", ZONE, ""),
    ],
)
def test_a_name_goes_into_the_zone_that_serves_it(fqdn: str, zone: str, label: str) -> None:
    """And into no other."""
    assert label_in(fqdn, zone) == label


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (ZONE, ZONE, 400),
        (ZONE, "privatelink.cognitiveservices.azure.com", 202),
    ],
)
def test_a_network_takes_one_zone_of_a_name(case: Case, first: str, second: str, status: int) -> None:
    """A second zone of the same name, in another group, cannot be linked to the same network."""
    other = f"{case.door.group('shared')}/providers/Microsoft.Network/privateDnsZones/{second}"
    mine = case.zone.replace(ZONE, first)
    link = {"location": "global", "properties": {"virtualNetwork": {"id": case.network}}}
    case.made(mine, {"location": "global"})
    case.made(other, {"location": "global"})
    case.made(f"{mine}/virtualNetworkLinks/a", link)
    reply = case.send("PUT", f"{other}/virtualNetworkLinks/b", link)
    assert reply.status == status
    if status == 400:
        assert reply.code == "BadRequest"
        assert "cannot be linked to multiple zones with overlapping namespaces" in reply.message
