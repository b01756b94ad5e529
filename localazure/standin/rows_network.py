"""Rows of the types of private networking."""

from __future__ import annotations

from functools import partial
from typing import Final

from localazure.standin.row import GROUP, GROUP_NAME, AutoName, ResourceType

PROVIDER: Final = f"{GROUP}/providers/Microsoft.Network"
ENDPOINT: Final = f"{PROVIDER}/privateEndpoints/{{privateEndpointName}}"
NETWORK_PATH: Final = f"{PROVIDER}/virtualNetworks/{{virtualNetworkName}}"
ZONE: Final = f"{PROVIDER}/privateDnsZones/{{privateZoneName}}"

_in_group = partial(
    ResourceType,
    rules={"resourceGroupName": GROUP_NAME},
    flat_inputs=True,
    flat_outputs=True,
    put_is_long=True,
    delete_is_long=True,
)
NETWORK: Final[tuple[ResourceType, ...]] = (
    _in_group(
        module="network",
        name="PrivateEndpoint",
        path=ENDPOINT,
        api_version="2024-05-01",
        name_input="privateEndpointName",
        force_new=frozenset({"subnet"}),
    ),
    _in_group(
        module="network",
        name="PrivateDnsZoneGroup",
        path=f"{ENDPOINT}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        api_version="2024-05-01",
        name_input="privateDnsZoneGroupName",
        auto_name=AutoName.COPY,
    ),
    _in_group(
        module="network",
        name="VirtualNetwork",
        path=NETWORK_PATH,
        api_version="2024-05-01",
        name_input="virtualNetworkName",
        sub_resources=(("subnets",), ("virtualNetworkPeerings",)),
    ),
    _in_group(
        module="network",
        name="Subnet",
        path=f"{NETWORK_PATH}/subnets/{{subnetName}}",
        api_version="2024-05-01",
        name_input="subnetName",
        auto_name=AutoName.COPY,
    ),
    _in_group(
        module="privatedns",
        name="PrivateZone",
        path=ZONE,
        api_version="2024-06-01",
        name_input="privateZoneName",
    ),
    _in_group(
        module="privatedns",
        name="VirtualNetworkLink",
        path=f"{ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
        api_version="2024-06-01",
        name_input="virtualNetworkLinkName",
        auto_name=AutoName.COPY,
    ),
)
