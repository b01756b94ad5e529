"""Private endpoints and audit logs: what is made of them."""

from __future__ import annotations

from components.testing import SUBSCRIPTION
from tests.support.recording import service

NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/endpoints"


def test_private_access_is_closed_to_the_public_with_an_endpoint_each() -> None:
    """Account and vault each have an endpoint in the subnet, made once the account is bound."""
    monitor = service(network={"access": "private", "subnet_id": SUBNET})
    for resource in (monitor.one(":Vault"), monitor.one(":Account")):
        assert resource.inputs["properties"]["publicNetworkAccess"] == "Disabled"
    endpoints = {
        found.inputs["privateLinkServiceConnections"][0]["groupIds"][0]: found
        for found in monitor.of(":PrivateEndpoint")
    }
    assert set(endpoints) == {"account", "vault"}
    assert {found.inputs["subnet"]["id"] for found in endpoints.values()} == {SUBNET}
    binding = monitor.one(":CustomerManagedKey")
    assert all(binding.urn in found.needs for found in endpoints.values())
    assert monitor.of(":PrivateDnsZoneGroup") == []


def test_zones_that_are_given_list_the_endpoints() -> None:
    """Each endpoint is in the first of its kind; none is made."""
    zones = [
        f"{NETWORK}/privateDnsZones/privatelink.vaultcore.azure.net",
        f"{NETWORK}/privateDnsZones/privatelink.cognitiveservices.azure.com",
    ]
    of_others = [zone.replace("/resourceGroups/", "/resourceGroups/others-") for zone in zones]
    listed = [*zones, *of_others]
    monitor = service(network={"access": "private", "subnet_id": SUBNET, "private_dns_zone_ids": listed})
    used = {
        found.name: found.inputs["privateDnsZoneConfigs"][0]["privateDnsZoneId"]
        for found in monitor.of(":PrivateDnsZoneGroup")
    }
    assert used == {"language-vault-dns": zones[0], "language-account-dns": zones[1]}
