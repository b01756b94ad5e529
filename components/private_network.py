"""Private endpoints of account and vault, with their DNS, and the zones where none are given."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_azure_native import network, privatedns

from components.arguments import names
from components.component import ChildOptions
from components.network import PRIVATE, dns_zones, zone_label
from components.service_args import ServiceInputs
from core import arm_ids


def make_private_endpoints(
    inputs: ServiceInputs,
    options: ChildOptions,
    *,
    resource_group_name: pulumi.Input[str],
    targets: Mapping[str, pulumi.Input[str] | None],
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """An endpoint with a DNS zone group for each of the `targets`, `account` and `vault`, that is not None.
    Returns the endpoints.

    `after` are resources that write to the targets: Azure refuses an endpoint of an account that is being
    written.
    """
    name, subnet_id = inputs.name, inputs.network.subnet_id
    if inputs.network.access != PRIVATE or subnet_id is None:
        return []
    made: list[pulumi.Resource] = []
    for what, target in targets.items():
        if target is None:
            continue
        zones = dns_zones(inputs.location, inputs.account_kind)[what]
        endpoint = network.PrivateEndpoint(
            f"{name}-{what}-endpoint",
            resource_group_name=resource_group_name,
            private_endpoint_name=names.endpoint_name(name, what),
            location=inputs.location,
            subnet={"id": subnet_id},
            private_link_service_connections=[
                {"name": what, "private_link_service_id": target, "group_ids": [what]}
            ],
            tags=inputs.tags,
            opts=options(depends_on=list(after)),
        )
        made.append(endpoint)
        network.PrivateDnsZoneGroup(
            f"{name}-{what}-dns",
            resource_group_name=resource_group_name,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                {
                    "name": zone_name.replace(".", "-"),
                    "private_dns_zone_id": inputs.network.zone_id(zone_name)
                    or _zone(
                        f"{name}-{zone_label(what, zone_name, zones)}",
                        zone_name,
                        options,
                        subnet_id=subnet_id,
                        resource_group_name=resource_group_name,
                        tags=inputs.tags,
                    ),
                }
                for zone_name in zones
            ],
            opts=options(),
        )
    return made


def _zone(
    name: str,
    zone_name: str,
    options: ChildOptions,
    *,
    subnet_id: pulumi.Input[str],
    resource_group_name: pulumi.Input[str],
    tags: Any,
) -> pulumi.Output[str]:
    """A zone of the service's own, linked to the subnet's network."""
    zone = privatedns.PrivateZone(
        name,
        resource_group_name=resource_group_name,
        private_zone_name=zone_name,
        location="global",
        tags=tags,
        opts=options(),
    )
    link = privatedns.VirtualNetworkLink(
        f"{name}-link",
        resource_group_name=resource_group_name,
        private_zone_name=zone.name,
        virtual_network_link_name=names.network_link_name(name.removesuffix("-zone")),
        location="global",
        registration_enabled=False,
        virtual_network={
            "id": pulumi.Output.from_input(subnet_id).apply(lambda subnet: arm_ids.parse(subnet).parent.text)
        },
        tags=tags,
        opts=options(),
    )
    return pulumi.Output.all(zone.id, link.id).apply(lambda ids: str(ids[0]))
