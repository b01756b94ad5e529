"""Rows of the types of private networking."""

from __future__ import annotations

from typing import Final

from localazure.standin.row import GROUP, GROUP_NAME, AutoName, ResourceType

PROVIDER: Final = f"{GROUP}/providers/Microsoft.Network"
ENDPOINT: Final = f"{PROVIDER}/privateEndpoints/{{privateEndpointName}}"
NETWORK_PATH: Final = f"{PROVIDER}/virtualNetworks/{{virtualNetworkName}}"
ZONE: Final = f"{PROVIDER}/privateDnsZones/{{privateZoneName}}"

NETWORK: Final[tuple[ResourceType, ...]] = (
    ResourceType(
        module="network",
        name="PrivateEndpoint",
        path=ENDPOINT,
        api_version="2024-05-01",
        name_input="privateEndpointName",
        rules={"resourceGroupName": GROUP_NAME},
        force_new=frozenset({"subnet"}),
        flat_inputs=True,
        flat_outputs=True,
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="network",
        name="PrivateDnsZoneGroup",
        path=f"{ENDPOINT}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        api_version="2024-05-01",
        name_input="privateDnsZoneGroupName",
        auto_name=AutoName.COPY,
        rules={"resourceGroupName": GROUP_NAME},
        flat_inputs=True,
        flat_outputs=True,
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="network",
        name="VirtualNetwork",
        path=NETWORK_PATH,
        api_version="2024-05-01",
        name_input="virtualNetworkName",
        rules={"resourceGroupName": GROUP_NAME},
        flat_inputs=True,
        flat_outputs=True,
        sub_resources=(("subnets",), ("virtualNetworkPeerings",)),
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="network",
        name="Subnet",
        path=f"{NETWORK_PATH}/subnets/{{subnetName}}",
        api_version="2024-05-01",
        name_input="subnetName",
        auto_name=AutoName.COPY,
        rules={"resourceGroupName": GROUP_NAME},
        flat_inputs=True,
        flat_outputs=True,
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="privatedns",
        name="PrivateZone",
        path=ZONE,
        api_version="2024-06-01",
        name_input="privateZoneName",
        rules={"resourceGroupName": GROUP_NAME},
        flat_inputs=True,
        flat_outputs=True,
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="privatedns",
        name="VirtualNetworkLink",
        path=f"{ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
        api_version="2024-06-01",
        name_input="virtualNetworkLinkName",
        auto_name=AutoName.COPY,
        rules={"resourceGroupName": GROUP_NAME},
        flat_inputs=True,
        flat_outputs=True,
        put_is_long=True,
        delete_is_long=True,
    ),
)
