"""Private networking, alerts and assignments over gRPC, with the local Azure's own ARM behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from localazure import seed
from localazure.standin import serve
from localazure.standin.azure import Answer, Login
from tests.localazure.network_case import Case
from tests.localazure.standin_arm import ENVIRON
from tests.localazure.standin_case import Engine, engine

NETWORK = "azure-native:network"
DNS = "azure-native:privatedns"
PLACE = {"resourceGroupName": "net"}


class DoorAzure:
    """The stand-in's way to Azure, ending at the front door of a cloud in this process."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.sent: list[tuple[str, str, Any]] = []

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        self.sent.append((method, url, body))
        reply = self.case.door.send(method, url, body)
        return Answer(reply.status, reply.body, reply.headers)

    async def token(self, scope: str) -> str:
        raise NotImplementedError(scope)

    async def close(self) -> None:
        """There is no connection."""


@asynccontextmanager
async def cloud() -> AsyncIterator[tuple[Engine, Case, DoorAzure]]:
    """A configured provider instance at a cloud with the group `net`."""
    case = Case()
    azure = DoorAzure(case)

    def open_arm(login: Login) -> DoorAzure:
        return azure

    environ = {**ENVIRON, "ARM_SUBSCRIPTION_ID": seed.SUBSCRIPTION_ID}
    server, port = await serve("127.0.0.1:0", environ, open_arm)
    try:
        async with engine(port) as instance:
            await instance.configure()
            yield instance, case, azure
    finally:
        await server.stop(None)


async def made(instance: Engine, type: str, **news: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A resource from a program's inputs: its id, its checked inputs, its state."""
    inputs, failures = await instance.check(type, {**PLACE, **news})
    assert failures == []
    id, outputs = await instance.create(type, inputs)
    return id, inputs, outputs


async def unchanged(instance: Engine, type: str, id: str, inputs: Any, outputs: Any) -> None:
    """A refresh right after a create finds the inputs as they were written."""
    read = await instance.read(type, id, inputs, outputs)
    diff = await instance.diff(type, inputs, _struct(read.inputs), outputs)
    assert dict(diff.detailedDiff) == {}


def _struct(value: Any) -> dict[str, Any]:
    from localazure.standin.wire import from_struct

    return dict(from_struct(value))


@pytest.mark.asyncio
async def test_a_program_makes_a_private_endpoint_with_everything_around_it() -> None:
    """Network, subnet, zone, link, endpoint and zone group: each comes back as inputs name it."""
    async with cloud() as (instance, case, azure):
        case.make_vault()
        network = await made(
            instance,
            f"{NETWORK}:VirtualNetwork",
            virtualNetworkName="vnet",
            addressSpace={"addressPrefixes": ["10.0.0.0/16"]},
        )
        subnet = await made(
            instance,
            f"{NETWORK}:Subnet",
            virtualNetworkName="vnet",
            subnetName="ends",
            addressPrefix="10.0.1.0/24",
        )
        zone = await made(
            instance,
            f"{DNS}:PrivateZone",
            privateZoneName="privatelink.vaultcore.azure.net",
            location="Global",
        )
        link = await made(
            instance,
            f"{DNS}:VirtualNetworkLink",
            privateZoneName="privatelink.vaultcore.azure.net",
            virtualNetworkLinkName="vnet",
            location="Global",
            registrationEnabled=False,
            virtualNetwork={"id": network[0]},
        )
        end = await made(
            instance,
            f"{NETWORK}:PrivateEndpoint",
            privateEndpointName="end",
            subnet={"id": subnet[0]},
            privateLinkServiceConnections=[
                {"name": "vault", "privateLinkServiceId": case.vault, "groupIds": ["vault"]}
            ],
        )
        group = await made(
            instance,
            f"{NETWORK}:PrivateDnsZoneGroup",
            privateEndpointName="end",
            privateDnsZoneGroupName="default",
            privateDnsZoneConfigs=[{"name": "vault", "privateDnsZoneId": zone[0]}],
        )
        assert subnet[2]["addressPrefix"] == "10.0.1.0/24"
        [connection] = end[2]["privateLinkServiceConnections"]
        assert connection["groupIds"] == ["vault"]
        assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
        assert end[2]["customDnsConfigs"][0]["ipAddresses"] == ["10.0.1.4"]
        [record] = group[2]["privateDnsZoneConfigs"][0]["recordSets"]
        assert record["ipAddresses"] == ["10.0.1.4"]
        types = (
            ("network:VirtualNetwork", network),
            ("network:Subnet", subnet),
            ("privatedns:PrivateZone", zone),
            ("privatedns:VirtualNetworkLink", link),
            ("network:PrivateEndpoint", end),
            ("network:PrivateDnsZoneGroup", group),
        )
        for type, resource in types:
            await unchanged(instance, f"azure-native:{type}", *resource)
        for type, (id, inputs, _) in reversed(types):
            await instance.delete(f"azure-native:{type}", id, inputs)
            assert case.send("GET", id).status == 404
        bodies = [
            body for method, url, body in azure.sent if method == "PUT" and "/privateEndpoints/end?" in url
        ]
        assert bodies[0]["properties"]["privateLinkServiceConnections"] == [
            {"name": "vault", "properties": {"privateLinkServiceId": case.vault, "groupIds": ["vault"]}}
        ]


@pytest.mark.asyncio
async def test_an_update_of_a_network_keeps_the_subnets_made_beside_it() -> None:
    """A network whose program names no subnets takes none away."""
    type = f"{NETWORK}:VirtualNetwork"
    async with cloud() as (instance, case, _):
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        id, inputs, outputs = await made(instance, type, virtualNetworkName="vnet", addressSpace=space)
        await made(
            instance,
            f"{NETWORK}:Subnet",
            virtualNetworkName="vnet",
            subnetName="ends",
            addressPrefix="10.0.1.0/24",
        )
        await instance.update(type, id, inputs, {**inputs, "tags": {"a": "b"}}, outputs)
        body = case.send("GET", id).body
        assert body["tags"] == {"a": "b"}
        assert [subnet["name"] for subnet in body["properties"]["subnets"]] == ["ends"]


@pytest.mark.asyncio
async def test_a_subnet_of_an_endpoint_replaces_it_and_a_preview_knows_its_inputs() -> None:
    """Another subnet is another endpoint; before it exists its connection is known and its address is not."""
    type = f"{NETWORK}:PrivateEndpoint"
    inputs = {
        **PLACE,
        "privateEndpointName": "end",
        "subnet": {"id": "/a"},
        "privateLinkServiceConnections": [{"name": "v", "groupIds": ["vault"], "privateLinkServiceId": "/v"}],
    }
    async with cloud() as (instance, _, __):
        diff = await instance.diff(type, inputs, {**inputs, "subnet": {"id": "/b"}})
        _, preview = await instance.create(type, inputs, preview=True)
    assert list(diff.replaces) == ["subnet"] or [r.split(".")[0] for r in diff.replaces] == ["subnet"]
    assert preview["privateLinkServiceConnections"][0]["groupIds"] == ["vault"]
    assert preview["privateLinkServiceConnections"][0]["name"] == "v"


@pytest.mark.asyncio
async def test_alerts_and_saved_queries_are_kept_as_they_were_written() -> None:
    """Workspace, saved search, action group and query rule: created, refreshed without a change, deleted."""
    async with cloud() as (instance, case, _):
        workspace = await made(instance, "azure-native:operationalinsights:Workspace", workspaceName="logs")
        search = await made(
            instance,
            "azure-native:operationalinsights:SavedSearch",
            workspaceName="logs",
            savedSearchId="uses",
            category="Keys",
            displayName="Key uses",
            query="AuditEvent | take 10",
            tags=[{"name": "Group", "value": "Computer"}],
        )
        group = await made(
            instance,
            "azure-native:monitor:ActionGroup",
            actionGroupName="team",
            groupShortName="team",
            location="Global",
            enabled=True,
            emailReceivers=[{"name": "me", "emailAddress": "me@contoso.com", "useCommonAlertSchema": True}],
        )
        rule = await made(
            instance,
            "azure-native:monitor:ScheduledQueryRule",
            ruleName="refused",
            scopes=[workspace[0]],
            severity=1,
            windowSize="PT5M",
            evaluationFrequency="PT5M",
            criteria={"allOf": [{"query": "AuditEvent", "operator": "GreaterThan", "threshold": 0.0}]},
            actions={"actionGroups": [group[0]]},
        )
        assert search[2]["query"] == "AuditEvent | take 10"
        assert search[2]["tags"] == [{"name": "Group", "value": "Computer"}]
        assert group[2]["emailReceivers"][0]["status"] == "Enabled"
        assert rule[2]["criteria"]["allOf"][0]["query"] == "AuditEvent"
        assert rule[2]["actions"] == {"actionGroups": [group[0]]}
        types = (
            ("operationalinsights:SavedSearch", search),
            ("monitor:ActionGroup", group),
            ("monitor:ScheduledQueryRule", rule),
        )
        for type, resource in types:
            await unchanged(instance, f"azure-native:{type}", *resource)
            await instance.delete(f"azure-native:{type}", resource[0], resource[1])
        for id in (search[0], group[0], rule[0]):
            assert case.send("GET", id).status == 404


@pytest.mark.asyncio
async def test_workspace_keys_and_role_definitions_can_be_asked_for() -> None:
    """getSharedKeys gives two keys, the same each time; getRoleDefinition a built-in role."""
    user = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    async with cloud() as (instance, case, _):
        await made(instance, "azure-native:operationalinsights:Workspace", workspaceName="logs")
        token = "azure-native:operationalinsights:getSharedKeys"
        keys = [await instance.invoke(token, **PLACE, workspaceName="logs") for _ in range(2)]
        role = await instance.invoke(
            "azure-native:authorization:getRoleDefinition", scope=case.group, roleDefinitionId=user
        )
    assert keys[0] == keys[1]
    assert set(keys[0]) == {"primarySharedKey", "secondarySharedKey"}
    assert (role["roleName"], role["roleType"]) == ("Key Vault Crypto Service Encryption User", "BuiltInRole")
    assert role["permissions"][0]["dataActions"]


@pytest.mark.asyncio
async def test_a_policy_can_be_assigned_to_a_resource_group() -> None:
    """It refuses accounts there and nowhere else, naming itself, until it is deleted."""
    from localazure.cognitive.policy import DEFINITION_ID

    type = "azure-native:authorization:PolicyAssignment"
    async with cloud() as (instance, case, _):
        id, inputs, _ = await made(
            instance,
            type,
            scope=case.group,
            policyAssignmentName="cmk",
            policyDefinitionId=DEFINITION_ID,
            parameters={"effect": {"value": "Deny"}},
        )
        refused = case.start_account()
        assert (refused.status, refused.code) == (403, "RequestDisallowedByPolicy")
        assert id in refused.message
        elsewhere = Case.start_account
        case.account = case.account.replace(case.group, case.door.group("other"))
        assert elsewhere(case).status == 201
        await instance.delete(type, id, inputs)
        case.account = f"{case.group}/providers/Microsoft.CognitiveServices/accounts/second"
        assert case.start_account(customSubDomainName=None).status == 201
