"""The end of a resource group's network, in an order in which nothing is still needed."""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.network.private_endpoints import ENDPOINTS
from localazure.network.private_zones import LINKS, ZONES
from localazure.network.virtual_networks import NETWORKS
from localazure.network.zone_groups import ZONE_GROUPS


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Removes the network resources of a group that is being deleted."""
    for type in (ZONE_GROUPS, ENDPOINTS, LINKS, ZONES, NETWORKS):
        type.delete_in_group(cloud, group_id)
