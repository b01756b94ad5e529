"""Private networking over gRPC, with the local Azure's own ARM behind it."""

from __future__ import annotations

import pytest

from tests.localazure.standin.cloud import PLACE, cloud, made, unchanged

pytestmark = pytest.mark.asyncio

NETWORK = "azure-native:network"
DNS = "azure-native:privatedns"


async def test_a_program_makes_a_private_endpoint_with_everything_around_it() -> None:
    """Network, subnet, zone, link, endpoint and zone group: each comes back as inputs name it."""
    async with cloud() as (instance, case, azure):
        case.make_vault()
        network = await made(
            instance,
            f"{NETWORK}:VirtualNetwork",
            virtualNetworkName="vnet",
            addressSpace={"addressPrefixes": ["10.0.0.0/16"]},
        )
        subnet = await made(
            instance,
            f"{NETWORK}:Subnet",
            virtualNetworkName="vnet",
            subnetName="ends",
            addressPrefix="10.0.1.0/24",
        )
        zone = await made(
            instance,
            f"{DNS}:PrivateZone",
            privateZoneName="privatelink.vaultcore.azure.net",
            location="Global",
        )
        link = await made(
            instance,
            f"{DNS}:VirtualNetworkLink",
            privateZoneName="privatelink.vaultcore.azure.net",
            virtualNetworkLinkName="vnet",
            location="Global",
            registrationEnabled=False,
            virtualNetwork={"id": network[0]},
        )
        end = await made(
            instance,
            f"{NETWORK}:PrivateEndpoint",
            privateEndpointName="end",
            subnet={"id": subnet[0]},
            privateLinkServiceConnections=[
                {"name": "vault", "privateLinkServiceId": case.vault, "groupIds": ["vault"]}
            ],
        )
        group = await made(
            instance,
            f"{NETWORK}:PrivateDnsZoneGroup",
            privateEndpointName="end",
            privateDnsZoneGroupName="default",
            privateDnsZoneConfigs=[{"name": "vault", "privateDnsZoneId": zone[0]}],
        )
        assert subnet[2]["addressPrefix"] == "10.0.1.0/24"
        [connection] = end[2]["privateLinkServiceConnections"]
        assert connection["groupIds"] == ["vault"]
        assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
        assert end[2]["customDnsConfigs"][0]["ipAddresses"] == ["10.0.1.4"]
        [record] = group[2]["privateDnsZoneConfigs"][0]["recordSets"]
        assert record["ipAddresses"] == ["10.0.1.4"]
        types = (
            ("network:VirtualNetwork", network),
            ("network:Subnet", subnet),
            ("privatedns:PrivateZone", zone),
            ("privatedns:VirtualNetworkLink", link),
            ("network:PrivateEndpoint", end),
            ("network:PrivateDnsZoneGroup", group),
        )
        for type, resource in types:
            await unchanged(instance, f"azure-native:{type}", *resource)
        for type, (id, inputs, _) in reversed(types):
            await instance.delete(f"azure-native:{type}", id, inputs)
            assert case.send("GET", id).status == 404
        bodies = [
            body for method, url, body in azure.sent if method == "PUT" and "/privateEndpoints/end?" in url
        ]
        assert bodies[0]["properties"]["privateLinkServiceConnections"] == [
            {"name": "vault", "properties": {"privateLinkServiceId": case.vault, "groupIds": ["vault"]}}
        ]


async def test_an_update_of_a_network_keeps_the_subnets_made_beside_it() -> None:
    """A network whose program names no subnets takes none away."""
    type = f"{NETWORK}:VirtualNetwork"
    async with cloud() as (instance, case, _):
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        id, inputs, outputs = await made(instance, type, virtualNetworkName="vnet", addressSpace=space)
        await made(
            instance,
            f"{NETWORK}:Subnet",
            virtualNetworkName="vnet",
            subnetName="ends",
            addressPrefix="10.0.1.0/24",
        )
        await instance.update(type, id, inputs, {**inputs, "tags": {"a": "b"}}, outputs)
        body = case.send("GET", id).body
        assert body["tags"] == {"a": "b"}
        assert [subnet["name"] for subnet in body["properties"]["subnets"]] == ["ends"]


async def test_a_subnet_of_an_endpoint_replaces_it_and_a_preview_knows_its_inputs() -> None:
    """Another subnet is another endpoint; before it exists its connection is known and its address is not."""
    type = f"{NETWORK}:PrivateEndpoint"
    inputs = {
        **PLACE,
        "privateEndpointName": "end",
        "subnet": {"id": "/a"},
        "privateLinkServiceConnections": [{"name": "v", "groupIds": ["vault"], "privateLinkServiceId": "/v"}],
    }
    async with cloud() as (instance, _, __):
        diff = await instance.diff(type, inputs, {**inputs, "subnet": {"id": "/b"}})
        _, preview = await instance.create(type, inputs, preview=True)
    assert list(diff.replaces) == ["subnet"] or [r.split(".")[0] for r in diff.replaces] == ["subnet"]
    assert preview["privateLinkServiceConnections"][0]["groupIds"] == ["vault"]
    assert preview["privateLinkServiceConnections"][0]["name"] == "v"
