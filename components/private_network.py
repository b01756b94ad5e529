"""Private endpoints of account and vault, and their records in the DNS zones that are given.

An endpoint that moves to another subnet is replaced under the same name: azure-native takes the old one away
first. It takes replaced DNS away first, too: of two zone groups that write the same record, the old one would
delete it (assumed). Does not own: the zones and their links, which belong to the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components.declared import Declaration, Declare, Made
from components.network import PRIVATE, dns_zones
from components.service_args import EncryptedAIServicesAccountArgs
from core import arm_ids
from core import resource_types as types


@dataclass(frozen=True)
class PrivateNetwork:
    """The endpoints of one service, in its group. `after` are resources that write to the targets: Azure
    refuses an endpoint of an account that is being written."""

    inputs: EncryptedAIServicesAccountArgs
    declare: Declare
    resource_group_name: pulumi.Input[str]
    after: Sequence[pulumi.Resource]

    def endpoints(self, targets: Mapping[str, pulumi.Input[str] | None]) -> list[pulumi.Resource]:
        """An endpoint with its DNS for each of the `targets`, `account` and `vault`, that is not None.
        Returns the endpoints."""
        subnet = self.inputs.network.subnet_id
        if self.inputs.network.access != PRIVATE or subnet is None:
            return []
        made = {
            what: self._endpoint(what, target, subnet)
            for what, target in targets.items()
            if target is not None
        }
        endpoints = [resource for one in made.values() for resource in one.resources]
        for what, endpoint in made.items():
            self._dns(what, endpoint, endpoints)
        return endpoints

    def _endpoint(self, what: str, target: pulumi.Input[str], subnet: pulumi.Input[str]) -> Made:
        name = self.inputs.name_of("privateEndpoint", what)
        connection = {"name": what, "privateLinkServiceId": target, "groupIds": [what]}
        given = {
            "privateEndpointName": name,
            "location": self.inputs.location,
            "subnet": {"id": subnet},
            "privateLinkServiceConnections": [connection],
            "tags": self.inputs.tags,
        }
        return self._declare(
            Declaration(
                types.PRIVATE_ENDPOINT,
                f"{what}-endpoint",
                arm_ids.PRIVATE_ENDPOINT,
                name,
                given,
                "network.subnetId",
            ),
            depends_on=list(self.after),
            # An endpoint that was made with another name, interface name or addresses keeps them.
            ignore_changes=["privateEndpointName", "customNetworkInterfaceName", "ipConfigurations"],
        )

    def _dns(self, what: str, endpoint: Made, after: Sequence[pulumi.Resource]) -> None:
        """Lists an endpoint in the zones of its kind that are given."""
        zones = dns_zones(self.inputs.location, self.inputs.account_kind)[what]
        ids = {zone: id for zone in zones if (id := self.inputs.network.zone_id(zone))}
        if not ids:
            return
        configs = [{"name": zone.replace(".", "-"), "privateDnsZoneId": id} for zone, id in ids.items()]
        given = {
            "privateEndpointName": endpoint.name,
            "privateDnsZoneGroupName": "default",
            "privateDnsZoneConfigs": configs,
        }
        group = Declaration(
            types.PRIVATE_ZONE_GROUP,
            f"{what}-dns",
            arm_ids.DNS_ZONE_GROUP,
            "default",
            given,
            "network.privateDnsZoneIds",
            at=endpoint.id,
        )
        self._declare(group, depends_on=list(after))

    def _declare(self, declared: Declaration, **options: Any) -> Made:
        """Declares a resource in the service's group, under the service's name."""
        given = {"resourceGroupName": self.resource_group_name, **declared.arguments}
        named = replace(declared, name=f"{self.inputs.name}-{declared.name}", arguments=given)
        return self.declare(named, **options)
