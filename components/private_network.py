"""Private endpoints of account and vault, and their records in the DNS zones that are given.

An endpoint that moves to another subnet is replaced under the same name: azure-native takes the old one away
first. It takes replaced DNS away first, too: of two zone groups that write the same record, the old one would
delete it (assumed). Does not own: the zones and their links, which belong to the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.declared import Declaration, Declare, Made
from components.network import PRIVATE, dns_zones
from components.service_args import EncryptedAIServicesAccountArgs
from core import resource_types as types


def make_endpoints(
    inputs: EncryptedAIServicesAccountArgs,
    targets: Mapping[str, pulumi.Input[str] | None],
    declare: Declare,
    resource_group_name: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Makes an endpoint with its DNS for each of the `targets`, `account` and `vault`, that is not None, in
    the service's group. Returns the endpoints. `after` are resources that write to the targets: Azure refuses
    an endpoint of an account that is being written."""
    if inputs.network.access != PRIVATE:
        return []
    made: dict[str, Made] = {}
    for what, target in targets.items():
        if target is not None:
            connection = {"name": what, "privateLinkServiceId": target, "groupIds": [what]}
            given = {
                "resourceGroupName": resource_group_name,
                "privateEndpointName": inputs.name_of("privateEndpoint", what),
                "location": inputs.location,
                "subnet": {"id": inputs.network.subnet_id},
                "privateLinkServiceConnections": [connection],
                "tags": inputs.tags,
            }
            name = f"{inputs.name}-{what}-endpoint"
            endpoint = Declaration(types.PRIVATE_ENDPOINT, name, given, "network.subnetId")
            # An endpoint that was made with another name, interface name or addresses keeps them.
            ignored = ["privateEndpointName", "customNetworkInterfaceName", "ipConfigurations"]
            made[what] = declare(endpoint, depends_on=[*after], ignore_changes=ignored)
    endpoints = [resource for one in made.values() for resource in one.resources]
    for what, one in made.items():
        _list_in_zones(inputs, what, one, declare, resource_group_name=resource_group_name, after=endpoints)
    return endpoints


def _list_in_zones(
    inputs: EncryptedAIServicesAccountArgs,
    what: str,
    endpoint: Made,
    declare: Declare,
    *,
    resource_group_name: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> None:
    """Lists an endpoint in the zones of its kind that are given."""
    zones = dns_zones(inputs.location, inputs.account_kind)[what]
    ids = {zone: id for zone in zones if (id := inputs.network.zone_id(zone))}
    given = {
        "resourceGroupName": resource_group_name,
        "privateEndpointName": endpoint.name,
        "privateDnsZoneGroupName": "default",
        "privateDnsZoneConfigs": [
            {"name": zone.replace(".", "-"), "privateDnsZoneId": id} for zone, id in ids.items()
        ],
    }
    group = Declaration(
        types.PRIVATE_ZONE_GROUP,
        f"{inputs.name}-{what}-dns",
        given,
        "network.privateDnsZoneIds",
        at=endpoint.id,
    )
    if ids:
        declare(group, depends_on=[*after])
