"""Identities, and the list of whatever is in a group or a subscription."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.directory import find_principal
from localazure.inventory import KINDS, missing_parent
from localazure.roles import BY_NAME
from tests.localazure.observed.fact import vault_body
from tests.support.front import ARM, SUBSCRIPTION, Door

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
GRANT = {
    "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME['Reader'].id}",
    "principalId": seed.READER.object_id,
}


def test_a_user_assigned_identity_is_a_principal(door: Door) -> None:
    """A managed identity of the subscription's tenant, gone with its delete."""
    made = door.send("PUT", IDENTITY, WEST)
    who = made.body["properties"]["principalId"]
    principal = find_principal(door.cloud, who)
    assert principal is not None
    assert (principal.managed_identity, principal.tenant_id) == (True, seed.TENANT_ID)
    assert [door.send("DELETE", IDENTITY).status for _ in range(2)] == [200, 204]
    assert find_principal(door.cloud, who) is None
    assert door.send("GET", IDENTITY).code == "ResourceNotFound"


def test_resources_of_every_type_are_listed(door: Door) -> None:
    """`/resources` of a group names what is in it, one type when filtered, and nothing of other groups."""
    vault = {"sku": {"family": "A", "name": "standard"}, "tenantId": seed.TENANT_ID, "accessPolicies": []}
    url = f"{GROUP}/providers/Microsoft.KeyVault/vaults/inventory-v"
    assert door.send("PUT", url, {**WEST, "properties": vault}).status == 200
    door.send("PUT", IDENTITY, WEST)
    door.group("other")

    def names(scope: str, filter: str = "") -> list[str]:
        reply = door.send("GET", f"{ARM}{scope}/resources?api-version=2024-03-01{filter}")
        return [resource["name"] for resource in reply.body["value"]]

    assert names(GROUP) == names(SUBSCRIPTION) == ["inventory-v", "i"]
    assert names(GROUP, "&$filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'") == ["inventory-v"]
    assert names(f"{SUBSCRIPTION}/resourceGroups/other") == []


TYPES: dict[str, dict[str, Any]] = {
    "Microsoft.OperationalInsights/workspaces": {"properties": {"retentionInDays": 30}},
    "Microsoft.Insights/actionGroups": {"properties": {"groupShortName": "g", "enabled": True}},
    "Microsoft.Insights/scheduledQueryRules": {"properties": {"criteria": {"allOf": []}, "scopes": ["/x"]}},
    "Microsoft.ManagedIdentity/userAssignedIdentities": {},
    "Microsoft.Network/virtualNetworks": {
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    },
}


@pytest.mark.parametrize(
    ("type", "change"),
    [
        ("Microsoft.OperationalInsights/workspaces", {"retentionInDays": 90}),
        ("Microsoft.Insights/actionGroups", {"enabled": False}),
        ("Microsoft.Insights/scheduledQueryRules", {"enabled": False, "severity": 1}),
    ],
)
def test_a_patch_changes_what_it_names(door: Door, type: str, change: dict[str, Any]) -> None:
    """Properties that are sent are kept, and all others stay; tags alone leave the properties alone."""
    url = f"{GROUP}/providers/{type}/x"
    door.send("PUT", url, {**WEST, **TYPES[type]})
    made = [door.send("GET", url).body for _ in range(2)][1]
    assert door.send("PATCH", url, {"properties": change}).status == 200
    assert door.send("PATCH", url, {"tags": {"a": "b"}}).status == 200
    now = door.send("GET", url).body
    assert now["tags"] == {"a": "b"}
    kept = {**made["properties"], **change}
    changing = {"modifiedDate", "workspaceCapping"}
    assert {n: v for n, v in now["properties"].items() if n not in changing} == {
        n: v for n, v in kept.items() if n not in changing
    }


@pytest.mark.parametrize("type", TYPES)
def test_fails_for_a_region_that_is_none_or_another(door: Door, type: str) -> None:
    """A resource needs a region that there is, and does not move out of it by a PUT."""
    url, body = f"{GROUP}/providers/{type}/x", TYPES[type]
    nowhere = door.send("PUT", url, {**body, "location": "middleearth"})
    assert (nowhere.status, nowhere.code) == (400, "LocationNotAvailableForResourceType")
    assert f"resource type '{type}'" in nowhere.message
    assert door.send("PUT", url, {**body, "location": "West Europe"}).status == 201
    moved = door.send("PUT", url, {**body, "location": "eastus"})
    assert (moved.status, moved.code) == (409, "InvalidResourceLocation")
    assert door.send("PUT", url, {**body, "location": "westeurope"}).status == 200


@pytest.mark.parametrize(
    ("extension", "properties"),
    [
        ("Microsoft.Authorization/locks/l", {"level": "CanNotDelete"}),
        ("Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001", GRANT),
        ("Microsoft.Insights/diagnosticSettings/d", {"storageAccountId": "/x"}),
    ],
)
@pytest.mark.parametrize("below", ["", "/keys/k"])
def test_fails_at_a_resource_that_is_not_there(
    door: Door, extension: str, properties: dict[str, Any], below: str
) -> None:
    """A grant, a lock or a setting needs the vault that it is for, and counts once that is made."""
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-later"
    url = f"{vault}{below}/providers/{extension}"
    reply = door.send("PUT", url, {"properties": properties})
    assert (reply.status, reply.code) == (404, "ResourceNotFound")
    assert reply.message.startswith(
        "The Resource 'Microsoft.KeyVault/vaults/kv-later' under resource group 'g'"
    )
    assert door.send("PUT", vault, vault_body()).status == 200
    assert door.send("PUT", url, {"properties": properties}).status in (200, 201)


@pytest.mark.parametrize("type", KINDS)
def test_the_listed_types_are_where_they_are_kept(door: Door, type: str) -> None:
    """What the list of resources finds of a type is what the store has of its kind."""
    assert door.send("GET", f"{GROUP}/providers/{type}").body["value"] == []
    name = "privatelink.vaultcore.azure.net" if type.endswith("Zones") else "kv-kept"
    bodies: dict[str, Any] = {
        **TYPES,
        "Microsoft.KeyVault/vaults": vault_body(),
        "Microsoft.CognitiveServices/accounts": {"kind": "TextAnalytics", "sku": {"name": "S"}},
        "Microsoft.Network/privateDnsZones": {"location": "global"},
    }
    if type in bodies:
        id = f"{GROUP}/providers/{type}/{name}"
        assert door.send("PUT", id, {**WEST, **bodies[type]}).status < 300
        assert missing_parent(door.cloud, f"{id}/below/it") == ""
        assert missing_parent(door.cloud, f"{id}2") == f"{id}2"


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        ("Microsoft.OperationalInsights/workspaces/x", {"features": ["a"]}),
        ("Microsoft.OperationalInsights/workspaces/x", {"workspaceCapping": "a"}),
        ("Microsoft.Insights/actionGroups/x", {"groupShortName": "g", "emailReceivers": "a"}),
        ("Microsoft.Insights/actionGroups/x", {"groupShortName": "g", "smsReceivers": [[]]}),
        ("Microsoft.Network/virtualNetworks/x", {"addressSpace": True}),
        ("Microsoft.Network/virtualNetworks/x", {"addressSpace": {"addressPrefixes": 5}}),
        (
            "Microsoft.Network/virtualNetworks/x",
            {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}, "subnets": ["a"]},
        ),
    ],
)
def test_fails_for_a_property_of_another_shape(door: Door, path: str, properties: dict[str, Any]) -> None:
    """A list where an object belongs, or the reverse, is bad content, not an internal error."""
    reply = door.send("PUT", f"{GROUP}/providers/{path}", {**WEST, "properties": properties})
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
