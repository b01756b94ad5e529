"""The stand-in with the local Azure behind it: what programs make comes back as their inputs name it."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.standin.server import serve
from tests.localazure.driver import GROUP, VAULT, WEST
from tests.localazure.standin.driver import GROUP_TYPE, PLACE, Got, cloud, engine_at, refused
from tests.support.azure import RunningAzure
from tests.support.front import SUBSCRIPTION

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
PERMISSIONS = {"keys": ["all"], "secrets": ["all", "purge"]}
OWNER = {"tenantId": seed.TENANT_ID, "objectId": seed.DEPLOYER.object_id, "permissions": PERMISSIONS}
VAULT_PROPERTIES = {
    "tenantId": seed.TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "accessPolicies": [OWNER],
}
ROLE = (
    f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
)
NAMES = {
    "vault": "Microsoft.KeyVault/vaults/from-strangers",
    "account": "Microsoft.CognitiveServices/accounts/from-strangers",
    "grant": "Microsoft.Authorization/roleAssignments/6b1f3f0e-0000-4000-8000-000000000001",
}
STRANGERS: dict[str, tuple[str, dict[str, Any]]] = {
    "vault": ("2024-11-01", {**WEST, "properties": VAULT_PROPERTIES}),
    "account": (
        "2025-06-01",
        {
            **WEST,
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "identity": {"type": "SystemAssigned"},
            "properties": {"customSubDomainName": "from-strangers"},
        },
    ),
    "grant": (
        "2022-04-01",
        {
            "properties": {
                "roleDefinitionId": ROLE,
                "principalId": seed.READER.object_id,
                "principalType": "ServicePrincipal",
            }
        },
    ),
}
"""What programs of strangers declare by its type's name in Azure: an api-version and a body."""
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
    "keyvault:Vault": {"vaultName": "with-secrets", **WEST, "properties": VAULT_PROPERTIES},
    "keyvault:Secret": {
        "vaultName": "with-secrets",
        "secretName": "connection",
        "properties": {"value": "p@ss", "contentType": "text/plain"},
        "tags": {"for": "the web"},
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


async def test_a_secret_lives_as_a_program_declares_it() -> None:
    """Its value is in the vault and in no answer of Resource Manager; a change makes another version; its
    delete leaves it soft-deleted, so that its name is free only once it is purged."""
    vault, secret = MADE["keyvault:Vault"], {**PLACE, **MADE["keyvault:Secret"]}
    place = "https://with-secrets.vault.azure.net"
    changed = {**secret, "properties": {"value": "n3w"}}
    token = "azure-native:keyvault:Secret"
    async with cloud() as (engine, azure):
        case = azure.case
        await engine.create("azure-native:keyvault:Vault", {**PLACE, **vault})
        made = await engine.create(token, secret)
        first = made["outputs"]["properties"]["secretUriWithVersion"]
        assert "p@ss" not in str(case.ask("GET", made["id"]).body)
        shown = case.ask("GET", f"{place}/secrets/connection?api-version=7.4").body
        assert (shown["value"], shown["attributes"]["recoveryLevel"]) == ("p@ss", "Recoverable+Purgeable")
        await engine.update(token, made["id"], secret, changed)
        read = case.ask("GET", f"{place}/secrets/connection?api-version=7.4").body
        assert (read["value"], read["id"] == first) == ("n3w", False)
        await engine.delete(token, made["id"], changed)
        assert case.ask("GET", made["id"]).status == 404
        assert "deleted but recoverable state" in await refused(engine.create(token, secret))
        assert case.ask("DELETE", f"{place}/deletedsecrets/connection?api-version=7.4").status == 204
        assert (await engine.create(token, secret))["id"] == made["id"]


@pytest.mark.parametrize("what", STRANGERS)
async def test_a_resource_and_a_deployment_make_what_a_program_declares_by_its_type(what: str) -> None:
    """`resources:Resource` and a template of `resources:Deployment` make a vault, an account and a grant that
    Resource Manager has as if their own types had been used, and a resource's delete takes
    it away; a deployment's leaves it."""
    version, body = STRANGERS[what]
    type, _, name = NAMES[what].rpartition("/")
    namespace, _, below = type.partition("/")
    declared = {
        **PLACE,
        "resourceProviderNamespace": namespace,
        "parentResourcePath": "",
        "resourceType": below,
        "resourceName": name,
        "apiVersion": version,
        **body,
    }
    resource = {"type": type, "apiVersion": version, "name": name, **body}
    template = {"$schema": "x", "contentVersion": "1.0.0.0", "resources": [resource]}
    deployment = {**PLACE, "deploymentName": "d", "properties": {"mode": "Incremental", "template": template}}
    id = f"{GROUP}/providers/{NAMES[what]}"
    for token, inputs in (("resources:Resource", declared), ("resources:Deployment", deployment)):
        async with cloud() as (engine, azure):
            made = await engine.create(f"azure-native:{token}", inputs)
            found = azure.case.ask("GET", f"{id}?api-version={version}")
            assert (found.status, found.body["type"].lower()) == (200, type.lower())
            read = await engine.read(f"azure-native:{token}", **{**made, "inputs": inputs})
            diff = await engine.diff(f"azure-native:{token}", inputs, read["inputs"], made["outputs"])
            assert diff["changes"] == {}
            await engine.delete(f"azure-native:{token}", made["id"], inputs)
            after = azure.case.ask("GET", f"{id}?api-version={version}").status
            assert after == (404 if token == "resources:Resource" else 200)


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
