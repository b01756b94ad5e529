"""Networks, alerts and diagnostic settings through unmodified Azure clients: their ordinary lives."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from localazure.seed import SUBSCRIPTION_ID, TENANT_ID
from tests.support.azure import RunningAzure

WORKSPACE = "Microsoft.OperationalInsights/workspaces"
SETTING = "providers/Microsoft.Insights/diagnosticSettings/audit"
API = {"workspace": "2023-09-01", "setting": "2021-05-01-preview"}


@dataclass
class Clients:
    """The clients, and a resource group of their own with its id."""

    group: str
    id: str
    resources: Any
    network: Any
    monitor: Any

    def put(self, id: str, body: Any, api: str) -> None:
        """Makes a resource by its id, of whatever type."""
        self.resources.resources.begin_create_or_update_by_id(id, body, api_version=api).result()

    def vault(self) -> Any:
        """A vault under Azure RBAC, whose name is the group's."""
        sku = {"family": "A", "name": "standard"}
        properties = {"tenantId": TENANT_ID, "sku": sku, "enableRbacAuthorization": True}
        with KeyVaultManagementClient(
            DefaultAzureCredential(), SUBSCRIPTION_ID, polling_interval=0
        ) as client:
            body: Any = {"location": "westeurope", "properties": properties}
            return client.vaults.begin_create_or_update(self.group, self.group, body).result()


@pytest.fixture
def clients(azure: RunningAzure) -> Iterator[Clients]:
    # Where they are used: they take seconds to import, and every run collects this file.
    from azure.mgmt.monitor import MonitorManagementClient
    from azure.mgmt.network import NetworkManagementClient

    credential, name = DefaultAzureCredential(), f"net-{uuid.uuid4().hex[:8]}"
    with (
        ResourceManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0) as resources,
        NetworkManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0) as network,
        MonitorManagementClient(credential, SUBSCRIPTION_ID) as monitor,
    ):
        group = resources.resource_groups.create_or_update(name, {"location": "westeurope"})
        yield Clients(name, str(group.id), resources, network, monitor)


def test_a_private_endpoints_whole_life(clients: Clients) -> None:
    """Network, subnet, endpoint, zone and zone group are made, listed, tagged and deleted, each polled."""
    network, group, vault = clients.network, clients.group, clients.vault()
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    made = network.virtual_networks.begin_create_or_update(
        group, "vnet", {"location": "westeurope", "properties": space}
    ).result()
    assert made.properties.provisioning_state == "Succeeded"
    subnet = network.subnets.begin_create_or_update(
        group, "vnet", "ends", {"properties": {"addressPrefix": "10.0.1.0/24"}}
    ).result()
    assert [found.id for found in network.subnets.list(group, "vnet")] == [subnet.id]
    link = {"name": "link", "properties": {"privateLinkServiceId": vault.id, "groupIds": ["vault"]}}
    properties = {"subnet": {"id": subnet.id}, "privateLinkServiceConnections": [link]}
    endpoint = network.private_endpoints.begin_create_or_update(
        group, "end", {"location": "westeurope", "properties": properties}
    ).result()
    assert endpoint.properties.custom_dns_configs[0].ip_addresses == ["10.0.1.4"]
    assert [found.name for found in network.private_endpoints.list(group)] == ["end"]
    zone = f"{clients.id}/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
    clients.put(zone, {"location": "global"}, "2024-06-01")
    config = {"name": "vault", "properties": {"privateDnsZoneId": zone}}
    zones = network.private_dns_zone_groups
    zones.begin_create_or_update(
        group, "end", "default", {"properties": {"privateDnsZoneConfigs": [config]}}
    ).result()
    assert [found.name for found in zones.list("end", group)] == ["default"]
    before = network.virtual_networks.get(group, "vnet").etag
    tagged = network.virtual_networks.update_tags(group, "vnet", {"tags": {"a": "b"}})
    assert (tagged.tags, tagged.etag != before) == ({"a": "b"}, True)
    with pytest.raises(HttpResponseError, match="in use"):
        network.virtual_networks.begin_delete(group, "vnet").result()
    zones.begin_delete(group, "end", "default").result()
    network.private_endpoints.begin_delete(group, "end").result()
    network.virtual_networks.begin_delete(group, "vnet").result()
    with pytest.raises(ResourceNotFoundError):
        network.private_endpoints.get(group, "end")
    with pytest.raises(ResourceNotFoundError):
        network.virtual_networks.get(group, "vnet")


def test_alerts_whole_life(clients: Clients) -> None:
    """An action group and a query rule are made, listed, changed and deleted."""
    groups, rules, group = clients.monitor.action_groups, clients.monitor.scheduled_query_rules, clients.group
    receivers = [{"name": "ops", "emailAddress": "ops@contoso.com"}]
    body = {"groupShortName": "ops", "enabled": True, "emailReceivers": receivers}
    made = groups.create_or_update(group, "ops", {"location": "global", "properties": body})
    assert [found.id for found in groups.list_by_resource_group(group)] == [made.id]
    assert groups.update(group, "ops", {"tags": {"a": "b"}}).tags == {"a": "b"}
    condition = {
        "query": "AzureDiagnostics",
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
    }
    rule = rules.create_or_update(
        group,
        "failed",
        {
            "location": "westeurope",
            "properties": {
                "severity": 2,
                "evaluationFrequency": "PT5M",
                "windowSize": "PT5M",
                "scopes": [clients.id],
                "criteria": {"allOf": [condition]},
                "actions": {"actionGroups": [made.id]},
            },
        },
    )
    changed = rules.update(group, "failed", {"tags": {"a": "b"}})
    assert changed.tags == {"a": "b"}
    assert changed.etag != rule.etag
    assert [found.name for found in rules.list_by_resource_group(group)] == ["failed"]
    rules.delete(group, "failed")
    groups.delete(group, "ops")
    with pytest.raises(ResourceNotFoundError):
        rules.get(group, "failed")
    with pytest.raises(ResourceNotFoundError):
        groups.get(group, "ops")


def test_a_diagnostic_settings_whole_life(clients: Clients) -> None:
    """Made, read, listed among a group's resources' own, and deleted by the client for any resource."""
    by_id, vault = clients.resources.resources, clients.vault()
    workspace = f"{clients.id}/providers/{WORKSPACE}/logs"
    clients.put(workspace, {"location": "westeurope"}, API["workspace"])
    setting = f"{vault.id}/{SETTING}"
    logs = [{"categoryGroup": "audit", "enabled": True}]
    body = {"properties": {"workspaceId": workspace, "logs": logs}}
    clients.put(setting, body, API["setting"])
    found = by_id.get_by_id(setting, api_version=API["setting"])
    assert found.properties["workspaceId"] == workspace
    types = {row.type for row in clients.resources.resources.list_by_resource_group(clients.group)}
    assert types == {"Microsoft.KeyVault/vaults", WORKSPACE}
    by_id.begin_delete_by_id(setting, api_version=API["setting"]).result()
    with pytest.raises(ResourceNotFoundError):
        by_id.get_by_id(setting, api_version=API["setting"])
