"""The stand-in with the local Azure behind it: what programs make comes back as their inputs name it."""

from __future__ import annotations

from typing import Any

from localazure.standin.server import serve
from tests.localazure.driver import GROUP, VAULT, WEST
from tests.localazure.standin.driver import GROUP_TYPE, PLACE, Got, cloud, engine_at, refused
from tests.support.azure import RunningAzure

ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
TEAM = f"{GROUP}/providers/Microsoft.Insights/actionGroups/team"
SUBNET = {"name": "ends", "properties": {"addressPrefix": "10.0.1.0/24"}}
SPACE = {**WEST, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [SUBNET]}}
LINK = {"name": "vault", "privateLinkServiceId": VAULT, "groupIds": ["vault"]}
IDENTITY = {
    "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "apiVersion": "2023-01-31",
    "name": "from-template",
    **WEST,
}
TEMPLATE = {"$schema": "x", "contentVersion": "1.0.0.0", "resources": [IDENTITY]}
MADE: dict[str, dict[str, Any]] = {
    "resources:Deployment": {
        "deploymentName": "d",
        "properties": {"mode": "Incremental", "template": TEMPLATE},
    },
    "privatedns:PrivateZone": {"privateZoneName": ZONE.rpartition("/")[2], "location": "Global"},
    "privatedns:VirtualNetworkLink": {
        "privateZoneName": ZONE.rpartition("/")[2],
        "virtualNetworkLinkName": "vnet",
        "location": "Global",
        "registrationEnabled": False,
        "virtualNetwork": {"id": VNET},
    },
    "network:PrivateEndpoint": {
        "privateEndpointName": "end",
        "subnet": {"id": f"{VNET}/subnets/ends"},
        "privateLinkServiceConnections": [LINK],
    },
    "network:PrivateDnsZoneGroup": {
        "privateEndpointName": "end",
        "privateDnsZoneGroupName": "default",
        "privateDnsZoneConfigs": [{"name": "vault", "privateDnsZoneId": ZONE}],
    },
    "operationalinsights:Workspace": {"workspaceName": "logs"},
    "operationalinsights:SavedSearch": {
        "workspaceName": "logs",
        "savedSearchId": "uses",
        "category": "Keys",
        "displayName": "Key uses",
        "query": "AuditEvent | take 10",
        "tags": [{"name": "Group", "value": "Computer"}],
    },
    "monitor:ActionGroup": {
        "actionGroupName": "team",
        "groupShortName": "team",
        "location": "Global",
        "enabled": True,
        "emailReceivers": [{"name": "me", "emailAddress": "me@contoso.com", "useCommonAlertSchema": True}],
    },
    "monitor:ScheduledQueryRule": {
        "ruleName": "refused",
        "scopes": [WORKSPACE],
        "severity": 1,
        "windowSize": "PT5M",
        "evaluationFrequency": "PT5M",
        "actions": {"actionGroups": [TEAM]},
        "criteria": {"allOf": [{"query": "AuditEvent", "operator": "GreaterThan", "threshold": 0.0}]},
    },
}


async def test_what_a_program_makes_is_unchanged_by_a_refresh_and_gone_after_its_delete() -> None:
    """A private endpoint with everything around it, and alerts with what they ask and whom they tell: what
    ARM nests is sent nested, and comes back as inputs name it."""
    made: dict[str, Got] = {}
    async with cloud() as (engine, azure):
        azure.case.do("vault")
        azure.case.ask("PUT", VNET, SPACE)
        for type, news in MADE.items():
            checked = await engine.check(f"azure-native:{type}", {**PLACE, **news})
            assert checked.pop("failures") == []
            made[type] = got = {**checked, **await engine.create(f"azure-native:{type}", checked["inputs"])}
            read = await engine.read(f"azure-native:{type}", **got)
            diff = await engine.diff(f"azure-native:{type}", got["inputs"], read["inputs"], got["outputs"])
            assert diff["changes"] == {}, type
        for type, got in reversed(made.items()):
            await engine.delete(f"azure-native:{type}", got["id"], got["inputs"])
            assert type.endswith("Workspace") or azure.case.ask("GET", got["id"]).status == 404
    sent = {url.partition("?")[0].rpartition("/")[2]: body for _, url, body in azure.calls if body}
    nested = {"name": "vault", "properties": {"privateLinkServiceId": VAULT, "groupIds": ["vault"]}}
    assert sent["end"]["properties"]["privateLinkServiceConnections"] == [nested]
    outputs = {type: got["outputs"] for type, got in made.items()}
    [connection] = outputs["network:PrivateEndpoint"]["privateLinkServiceConnections"]
    assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
    [config] = outputs["network:PrivateDnsZoneGroup"]["privateDnsZoneConfigs"]
    assert config["recordSets"][0]["ipAddresses"] == ["10.0.1.4"]
    assert outputs["operationalinsights:SavedSearch"]["query"] == "AuditEvent | take 10"
    assert outputs["monitor:ActionGroup"]["emailReceivers"][0]["status"] == "Enabled"
    assert outputs["monitor:ScheduledQueryRule"]["actions"] == {"actionGroups": [TEAM]}


async def test_it_signs_in_to_the_running_local_azure(azure: RunningAzure) -> None:
    """With real tokens, TLS and proxy. A refused login says why, in azidentity's words, and not with which
    secret."""
    group = {"resourceGroupName": "standin", **WEST}
    server = await serve("127.0.0.1:0", azure.env)
    try:
        async with engine_at(server.port) as instance, engine_at(server.port) as other:
            await instance.configure()
            assert (await instance.create(GROUP_TYPE, group))["outputs"]["name"] == "standin"
            await other.configure(clientSecret="not-the-secret")
            told = await refused(other.create(GROUP_TYPE, group))
    finally:
        await server.stop(None)
    assert told.startswith("ClientSecretCredential authentication failed. \nPOST https://login.")
    assert "not-the-secret" not in told
