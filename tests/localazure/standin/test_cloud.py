"""The stand-in with the local Azure behind it: what programs make comes back as their inputs name it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from localazure.standin.server import serve
from tests.localazure.driver import GROUP, VAULT, WEST, Case
from tests.localazure.standin.driver import (
    GROUP_TYPE,
    PLACE,
    VAULT_TYPE,
    DoorAzure,
    Engine,
    cloud,
    engine_at,
    refused,
)
from tests.support.azure import RunningAzure

NETWORK, DNS, MONITOR = "azure-native:network", "azure-native:privatedns", "azure-native:monitor"
INSIGHTS = "azure-native:operationalinsights"
ZONE = "privatelink.vaultcore.azure.net"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
SUBNET = {"name": "ends", "properties": {"addressPrefix": "10.0.1.0/24"}}
SPACE = {**WEST, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [SUBNET]}}

Scene = tuple[Engine, Case, DoorAzure]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A configured provider instance at a cloud with a vault and a workspace."""
    async with cloud() as found:
        found[1].do("vault")
        yield found


async def lived(engine: Engine, case: Case, made: dict[str, Any]) -> None:
    """Each resource is unchanged by a refresh, and gone after its delete, the last one first."""
    for type, resource in made.items():
        await engine.unchanged(type, *resource)
    for type, (id, inputs, _) in reversed(made.items()):
        await engine.delete(type, id, inputs)
        assert case.ask("GET", id).status == 404


async def test_a_program_makes_a_private_endpoint_with_everything_around_it(scene: Scene) -> None:
    """Zone, link, endpoint and zone group: each comes back as inputs name it."""
    engine, case, azure = scene
    made: dict[str, Any] = {}

    async def make(type: str, **news: Any) -> Any:
        made[type] = await engine.made(type, **news)
        return made[type]

    case.ask("PUT", VNET, SPACE)
    zone = await make(f"{DNS}:PrivateZone", privateZoneName=ZONE, location="Global")
    await make(
        f"{DNS}:VirtualNetworkLink",
        privateZoneName=ZONE,
        virtualNetworkLinkName="vnet",
        location="Global",
        registrationEnabled=False,
        virtualNetwork={"id": VNET},
    )
    link = {"name": "vault", "privateLinkServiceId": VAULT, "groupIds": ["vault"]}
    end = await make(
        f"{NETWORK}:PrivateEndpoint",
        privateEndpointName="end",
        subnet={"id": f"{VNET}/subnets/ends"},
        privateLinkServiceConnections=[link],
    )
    group = await make(
        f"{NETWORK}:PrivateDnsZoneGroup",
        privateEndpointName="end",
        privateDnsZoneGroupName="default",
        privateDnsZoneConfigs=[{"name": "vault", "privateDnsZoneId": zone[0]}],
    )
    [connection] = end[2]["privateLinkServiceConnections"]
    assert connection["groupIds"] == ["vault"]
    assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert end[2]["customDnsConfigs"][0]["ipAddresses"] == ["10.0.1.4"]
    assert group[2]["privateDnsZoneConfigs"][0]["recordSets"][0]["ipAddresses"] == ["10.0.1.4"]
    (sent,) = [
        body for method, url, body in azure.sent if method == "PUT" and "/privateEndpoints/end?" in url
    ]
    nested = {"name": "vault", "properties": {"privateLinkServiceId": VAULT, "groupIds": ["vault"]}}
    assert sent["properties"]["privateLinkServiceConnections"] == [nested]
    await lived(engine, case, made)


async def test_a_subnet_of_an_endpoint_replaces_it_and_a_preview_knows_its_inputs(engine: Engine) -> None:
    """Another subnet is another endpoint; before it exists its connection is known and its address is not."""
    type, link = (
        f"{NETWORK}:PrivateEndpoint",
        {"name": "v", "groupIds": ["vault"], "privateLinkServiceId": "/v"},
    )
    inputs = {
        **PLACE,
        "privateEndpointName": "end",
        "subnet": {"id": "/a"},
        "privateLinkServiceConnections": [link],
    }
    diff = await engine.diff(type, inputs, {**inputs, "subnet": {"id": "/b"}})
    _, preview = await engine.create(type, inputs, preview=True)
    assert [path.split(".")[0] for path in diff.replaces] == ["subnet"]
    shown = preview["privateLinkServiceConnections"][0]
    assert (shown["groupIds"], shown["name"]) == (["vault"], "v")


async def test_alerts_and_saved_queries_are_kept_as_they_were_written(scene: Scene) -> None:
    """Saved search, action group and query rule: created, refreshed without a change, deleted."""
    engine, case, _ = scene
    workspace = await engine.made(f"{INSIGHTS}:Workspace", workspaceName="logs")
    search = await engine.made(
        f"{INSIGHTS}:SavedSearch",
        workspaceName="logs",
        savedSearchId="uses",
        category="Keys",
        displayName="Key uses",
        query="AuditEvent | take 10",
        tags=[{"name": "Group", "value": "Computer"}],
    )
    group = await engine.made(
        f"{MONITOR}:ActionGroup",
        actionGroupName="team",
        groupShortName="team",
        location="Global",
        enabled=True,
        emailReceivers=[{"name": "me", "emailAddress": "me@contoso.com", "useCommonAlertSchema": True}],
    )
    rule = await engine.made(
        f"{MONITOR}:ScheduledQueryRule",
        ruleName="refused",
        scopes=[workspace[0]],
        severity=1,
        windowSize="PT5M",
        evaluationFrequency="PT5M",
        criteria={"allOf": [{"query": "AuditEvent", "operator": "GreaterThan", "threshold": 0.0}]},
        actions={"actionGroups": [group[0]]},
    )
    assert (search[2]["query"], search[2]["tags"]) == (
        "AuditEvent | take 10",
        [{"name": "Group", "value": "Computer"}],
    )
    assert group[2]["emailReceivers"][0]["status"] == "Enabled"
    assert rule[2]["criteria"]["allOf"][0]["query"] == "AuditEvent"
    assert rule[2]["actions"] == {"actionGroups": [group[0]]}
    kinds = (f"{INSIGHTS}:SavedSearch", f"{MONITOR}:ActionGroup", f"{MONITOR}:ScheduledQueryRule")
    await lived(engine, case, dict(zip(kinds, (search, group, rule), strict=True)))


async def test_it_signs_in_and_reaches_the_running_local_azure(azure: RunningAzure) -> None:
    """Real tokens, TLS, proxy and a vault's data plane: a key that a program deletes and makes again is the
    old one. A refused login says which client was refused and why, not with which secret."""
    name = {"resourceGroupName": "standin", "vaultName": "standin-recovers"}
    key = {**name, "keyName": "k", "properties": {"kty": "RSA"}}
    properties = {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": azure.env["ARM_TENANT_ID"],
        "enablePurgeProtection": True,
        "enableRbacAuthorization": True,
    }
    server = await serve("127.0.0.1:0", azure.env)
    try:
        async with engine_at(server.port) as instance, engine_at(server.port) as other:
            await instance.configure()
            await instance.create(GROUP_TYPE, {"resourceGroupName": "standin", **WEST})
            await instance.create(VAULT_TYPE, {**name, **WEST, "properties": properties})
            id, first = await instance.create("azure-native:keyvault:Key", key)
            await instance.delete("azure-native:keyvault:Key", id, key)
            _, second = await instance.create("azure-native:keyvault:Key", key)
            await other.configure(clientSecret="not-the-secret")
            told = await refused(other.create(GROUP_TYPE, {"resourceGroupName": "x", **WEST}))
    finally:
        await server.stop(None)
    assert second["keyUriWithVersion"] == first["keyUriWithVersion"]
    assert f"login of client '{azure.env['ARM_CLIENT_ID']}'" in told
    assert "not-the-secret" not in told
