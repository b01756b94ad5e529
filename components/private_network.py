"""Private endpoints of account and vault, with their DNS, and the zones where none are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pulumi
from pulumi_azure_native import network, privatedns

from components.arguments import names
from components.arguments.names import PlacedName
from components.component import ChildOptions, waited_for
from components.network import PRIVATE, dns_zones, zone_label
from components.service_args import EncryptedAIServicesAccountArgs
from core import arm_ids


def make_private_endpoints(
    inputs: EncryptedAIServicesAccountArgs,
    options: ChildOptions,
    *,
    resource_group_name: pulumi.Input[str],
    targets: Mapping[str, pulumi.Input[str] | None],
    after: Sequence[pulumi.Resource],
    recorded: Mapping[str, PlacedName],
) -> list[pulumi.Resource]:
    """An endpoint with a DNS zone group for each of the `targets`, `account` and `vault`, that is not None.
    Returns the endpoints.

    `after` are resources that write to the targets: Azure refuses an endpoint of an account that is being
    written.

    `recorded` are the endpoints and links that the state has, by logical name. In another subnet an endpoint
    is another one (azure-native replaces it) of another name, so that it is there before the old one goes.
    The DNS comes after all endpoints, and what it replaces goes first: a zone has one link to a network, and
    two zone groups would write the same record, which the old one would take away (assumed).
    """
    name, subnet_id = inputs.name, inputs.network.subnet_id
    if inputs.network.access != PRIVATE or subnet_id is None:
        return []
    subnet = pulumi.Output.from_input(subnet_id)
    endpoints = {
        what: _endpoint(
            inputs,
            what,
            subnet,
            options,
            resource_group_name=resource_group_name,
            target=target,
            after=after,
            recorded=recorded.get(f"{name}-{what}-endpoint"),
        )
        for what, target in targets.items()
        if target is not None
    }
    for what, endpoint in endpoints.items():
        _dns(
            inputs,
            what,
            endpoint,
            options,
            resource_group_name=resource_group_name,
            network_id=subnet.apply(lambda subnet: arm_ids.parse(subnet).parent.text),
            after=[*endpoints.values()],
            recorded=recorded,
        )
    return [*endpoints.values()]


def _dns(
    inputs: EncryptedAIServicesAccountArgs,
    what: str,
    endpoint: network.PrivateEndpoint,
    options: ChildOptions,
    *,
    resource_group_name: pulumi.Input[str],
    network_id: pulumi.Output[str],
    after: Sequence[pulumi.Resource],
    recorded: Mapping[str, PlacedName],
) -> None:
    """The group of an endpoint's zones, with the zones that are not given."""
    zones = dns_zones(inputs.location, inputs.account_kind)[what]
    ids = {
        zone: inputs.network.zone_id(zone)
        or _zone(
            f"{inputs.name}-{zone_label(what, zone, zones)}",
            zone,
            options,
            network_id=network_id,
            resource_group_name=resource_group_name,
            tags=inputs.tags,
            recorded=recorded,
            after=after,
        )
        for zone in zones
    }
    network.PrivateDnsZoneGroup(
        f"{inputs.name}-{what}-dns",
        resource_group_name=resource_group_name,
        private_endpoint_name=endpoint.name,
        private_dns_zone_group_name="default",
        private_dns_zone_configs=[
            {"name": zone.replace(".", "-"), "private_dns_zone_id": id} for zone, id in ids.items()
        ],
        opts=options(depends_on=list(after)),
    )


def _endpoint(
    inputs: EncryptedAIServicesAccountArgs,
    what: str,
    subnet: pulumi.Output[str],
    options: ChildOptions,
    *,
    resource_group_name: pulumi.Input[str],
    target: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
    recorded: PlacedName | None,
) -> network.PrivateEndpoint:
    # Its successor has the same name where the subnet stays.
    subnet_id = waited_for(subnet)
    stays = recorded is not None and arm_ids.same(subnet_id or "", recorded.place_id)
    moves = recorded is not None and bool(subnet_id) and not stays
    by_rule = inputs.naming_rule.name("privateEndpoint", what)
    return network.PrivateEndpoint(
        f"{inputs.name}-{what}-endpoint",
        resource_group_name=resource_group_name,
        private_endpoint_name=subnet.apply(partial(names.endpoint_name, by_rule, recorded=recorded)),
        location=inputs.location,
        subnet={"id": subnet},
        private_link_service_connections=[
            {"name": what, "private_link_service_id": target, "group_ids": [what]}
        ],
        tags=inputs.tags,
        opts=options(
            depends_on=list(after),
            delete_before_replace=stays,
            # One that was made with an interface's name or addresses of its own keeps them in its subnet.
            ignore_changes=[] if moves else ["customNetworkInterfaceName", "ipConfigurations"],
        ),
    )


def _zone(
    name: str,
    zone_name: str,
    options: ChildOptions,
    *,
    network_id: pulumi.Output[str],
    resource_group_name: pulumi.Input[str],
    tags: Any,
    recorded: Mapping[str, PlacedName],
    after: Sequence[pulumi.Resource],
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
        virtual_network_link_name=network_id.apply(
            partial(
                names.network_link_name, name.removesuffix("-zone"), recorded=recorded.get(f"{name}-link")
            )
        ),
        location="global",
        registration_enabled=False,
        virtual_network={"id": network_id},
        tags=tags,
        opts=options(depends_on=list(after)),
    )
    return pulumi.Output.all(zone.id, link.id).apply(lambda ids: str(ids[0]))
