"""Makes a network with a subnet in a new group: `network.py SUBSCRIPTION GROUP NETWORK SUBNET`."""

from __future__ import annotations

import sys

from azure.identity import EnvironmentCredential
from azure.mgmt.resource.resources import ResourceManagementClient

subscription, group, network, subnet = sys.argv[1:]
client = ResourceManagementClient(EnvironmentCredential(), subscription)
client.resource_groups.create_or_update(group, {"location": "westeurope"})
client.resources.begin_create_or_update_by_id(
    f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{network}",
    {
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": subnet, "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    },
    api_version="2024-05-01",
    polling_interval=0,
).wait()
