"""The published examples of the APIs that touch resources of this cloud: each has its answer.

Source: the `examples` folders of Azure/azure-rest-api-specs for Microsoft.CognitiveServices 2024-10-01,
KeyVault 2024-11-01, Authorization 2022-04-01, ManagedIdentity 2023-01-31 and Insights 2021-05-01-preview.
`TAKEN` names those whose requests are about our resource types; the others are about resources that this
cloud does not have (deployments, content filters, commitment plans, Defender settings, managed HSMs, secrets,
federated credentials, autoscale, management groups). What an answer looks like is claimed here, or in the
test files of its service.
"""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.localazure.observed.fact import GROUP, at, scene, vault_body
from tests.support.front import SUBSCRIPTION, Door

ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/language"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/example-1"
INSIGHTS = "providers/Microsoft.Insights"


IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
AUTHORIZATION = f"{GROUP}/providers/Microsoft.Authorization"
ON_VAULT = f"{VAULT}/providers/Microsoft.Authorization"
GUID = "05c5a614-a7d6-4502-b150-c2fb455033ff"
_C = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
_DELETED = f"{_C}/locations/westeurope/resourceGroups/g/deletedAccounts/language"
_KV = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault"
_SETTINGS = f"{VAULT}/{INSIGHTS}/diagnosticSettings"
"""Each example that was taken, by the name of its file, and its request with this cloud's names."""


@pytest.fixture(scope="module")
def door() -> Door:
    """A vault, and an account with a system-assigned identity."""
    door = scene()
    assert door.send("PUT", f"{VAULT}?api-version=2024-11-01", vault_body()).status == 200
    body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
    identity = {"identity": {"type": "SystemAssigned"}}
    assert door.send("PUT", f"{ACCOUNT}?api-version=2025-06-01", {**body, **identity}).status == 201
    return door


@pytest.mark.parametrize(
    "path",
    [
        f"{ACCOUNT}/deployments?api-version=2025-06-01",
        f"{ACCOUNT}/commitmentPlans?api-version=2025-06-01",
        f"{ACCOUNT}/projects?api-version=2025-06-01",
        f"{ACCOUNT}/connections?api-version=2025-06-01",
        f"{ACCOUNT}/models?api-version=2025-06-01",
        f"{ACCOUNT}/usages?api-version=2025-06-01",
        f"{VAULT}/secrets?api-version=2024-11-01",
    ],
)
def test_what_an_account_or_vault_does_not_have_is_an_empty_list(door: Door, path: str) -> None:
    """200 with `value: []`, and 404 at an account or vault that is absent."""
    assert (door.send("GET", path).status, door.send("GET", path).body) == (200, {"value": []})
    absent = path.replace("/language/", "/absent/").replace("/example-1/", "/absent-1/")
    assert door.send("GET", absent).status == 404


@pytest.mark.parametrize(
    ("path", "has"),
    [
        (
            f"{ACCOUNT}/providers/Microsoft.ManagedIdentity/identities/default?api-version=2023-01-31",
            {
                "name": "default",
                "type": "Microsoft.ManagedIdentity/identities",
                "location": "westeurope",
                "properties.tenantId": seed.TENANT_ID,
            },
        ),
        (
            f"{VAULT}/{INSIGHTS}/diagnosticSettingsCategories/AuditEvent?api-version=2021-05-01-preview",
            {
                "name": "AuditEvent",
                "type": "Microsoft.Insights/diagnosticSettingsCategories",
                "properties.categoryType": "Logs",
            },
        ),
        (
            f"{ACCOUNT}/{INSIGHTS}/diagnosticSettingsCategories/AllMetrics?api-version=2021-05-01-preview",
            {"name": "AllMetrics", "properties.categoryType": "Metrics"},
        ),
    ],
)
def test_an_example_is_answered_in_its_shape(door: Door, path: str, has: dict[str, Any]) -> None:
    """The values that the published example has at these places."""
    reply = door.send("GET", path)
    assert reply.status == 200, reply
    assert {place: at(reply.body, place) for place in has} == has


def test_the_identity_of_a_resource_is_the_one_in_its_body(door: Door) -> None:
    """`identities/default` has principal and application of the system-assigned identity; 404 without one."""
    identity = door.send("GET", f"{ACCOUNT}?api-version=2025-06-01").body["identity"]
    path = "providers/Microsoft.ManagedIdentity/identities/default?api-version=2023-01-31"
    found = door.send("GET", f"{ACCOUNT}/{path}").body["properties"]
    assert found["principalId"] == identity["principalId"]
    assert len(found["clientId"]) == 36
    assert door.send("GET", f"{VAULT}/{path}").status == 404


def test_the_categories_of_a_resource_are_listed(door: Door) -> None:
    """The logs of its type and its metrics; a category it does not have is 404."""
    url = f"{VAULT}/{INSIGHTS}/diagnosticSettingsCategories"
    names = [row["name"] for row in door.send("GET", f"{url}?api-version=2021-05-01-preview").body["value"]]
    assert names == ["AuditEvent", "AzurePolicyEvaluationDetails", "AllMetrics"]
    assert door.send("GET", f"{url}/Gravity?api-version=2021-05-01-preview").status == 404


def test_the_permissions_of_a_caller_are_those_of_its_roles(door: Door) -> None:
    """One entry for each role that counts at the scope: a reader's has no write."""
    from tests.support.front import token

    url = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    found = door.send("GET", url, bearer=token(seed.READER)).body["value"]
    assert [entry["actions"] for entry in found] == [["*/read"]]
    own = door.send("GET", url.replace(SUBSCRIPTION, GROUP)).body["value"]
    assert len(own) == 3
    assert ["*"] in [entry["actions"] for entry in own]
