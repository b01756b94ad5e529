"""What every type has that is declared as a row: its life where it was put, and the lists that have it."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.authorization import assign_role
from localazure.inventory import missing_parent
from localazure.policy_evaluation import CUSTOMER_KEY
from tests.localazure.driver import GROUP, WEST, Case
from tests.support.front import SUBSCRIPTION

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-rows"
GLOBAL = {"location": "global"}
AUTHORIZATION = "providers/Microsoft.Authorization"
ASSIGNMENT = f"{SUBSCRIPTION}/{AUTHORIZATION}/policyAssignments/a"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/rows"
NAMESPACE = f"{GROUP}/providers/Microsoft.EventHub/namespaces/n"
BUILT_IN = f"/providers/Microsoft.Authorization/policyDefinitions/{CUSTOMER_KEY}"
RULE = {"if": {"field": "type", "equals": "x"}, "then": {"effect": "deny"}}
DENY = {"permissions": [{"actions": ["*/x"]}], "principals": [{"id": seed.READER.object_id}]}
SEARCH = {"category": "c", "displayName": "d", "query": "q"}
HSM_BODY = {
    **WEST,
    "sku": {"family": "B", "name": "Standard_B1"},
    "properties": {"tenantId": seed.TENANT_ID, "initialAdminObjectIds": [seed.DEPLOYER.object_id]},
}
VAULT_PROPERTIES = {
    "tenantId": seed.TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "accessPolicies": [],
}
FOUNDRY = {
    **WEST,
    "kind": "AIServices",
    "sku": {"name": "S0"},
    "identity": {"type": "SystemAssigned"},
    "properties": {"customSubDomainName": "rows", "allowProjectManagement": True},
}
MODEL = {"model": {"format": "OpenAI", "name": "m"}}


def of(**properties: Any) -> dict[str, Any]:
    return {"properties": properties}


TRACKED: dict[str, dict[str, Any]] = {
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i": WEST,
    f"{GROUP}/providers/Microsoft.Storage/storageAccounts/s": {
        **WEST,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
    },
    NAMESPACE: WEST,
    WORKSPACE: WEST,
    f"{INSIGHTS}/actionGroups/team": {**GLOBAL, **of(groupShortName="t")},
    f"{INSIGHTS}/scheduledQueryRules/r": {**WEST, **of(criteria={"allOf": []}, scopes=["/x"])},
    f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-rows": HSM_BODY,
    f"{NETWORK}/virtualNetworks/n": {**WEST, **of(addressSpace={"addressPrefixes": ["10.0.0.0/16"]})},
    f"{NETWORK}/privateDnsZones/a.example": GLOBAL,
}
ROWS = {
    **{url: (body, "ResourceNotFound") for url, body in TRACKED.items()},
    f"{VAULT}/{AUTHORIZATION}/locks/l": (of(level="CanNotDelete"), "LockNotFound"),
    f"{GROUP}/{AUTHORIZATION}/denyAssignments/d": (of(**DENY), "DenyAssignmentNotFound"),
    f"{SUBSCRIPTION}/{AUTHORIZATION}/policyDefinitions/p": (of(policyRule=RULE), "PolicyDefinitionNotFound"),
    f"{GROUP}/{AUTHORIZATION}/policyAssignments/b": (
        of(policyDefinitionId=BUILT_IN),
        "PolicyAssignmentNotFound",
    ),
    f"{GROUP}/{AUTHORIZATION}/policyExemptions/e": (
        of(policyAssignmentId=ASSIGNMENT, exemptionCategory="Waiver"),
        "PolicyExemptionNotFound",
    ),
    f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/d": (
        of(workspaceId=WORKSPACE),
        "ResourceNotFound",
    ),
    f"{WORKSPACE}/savedSearches/s": ({"etag": "*", **of(**SEARCH)}, "NotFound"),
    f"{NAMESPACE}/authorizationRules/r": (of(rights=["Send"]), "ResourceNotFound"),
    f"{ACCOUNT}/projects/pp": (WEST, "ResourceNotFound"),
    f"{ACCOUNT}/deployments/dd": (of(**MODEL), "ResourceNotFound"),
    f"{ACCOUNT}/connections/cc": (of(category="c", authType="None"), "ResourceNotFound"),
}
PARENTS = {
    VAULT: {**WEST, "properties": VAULT_PROPERTIES},
    WORKSPACE: WEST,
    NAMESPACE: WEST,
    f"{ACCOUNT}?api-version=2025-06-01": FOUNDRY,
    ASSIGNMENT: of(policyDefinitionId=BUILT_IN),
}


def put_parents(case: Case, url: str) -> None:
    for parent, body in PARENTS.items():
        if parent != url:
            assert case.send("PUT", parent, body).status < 300
    for _ in range(2):
        case.send("GET", ACCOUNT)


def ids(case: Case, url: str) -> list[str]:
    return [str(one["id"]) for one in case.send("GET", url).body["value"]]


@pytest.mark.parametrize("url", ROWS, ids=lambda url: url.split("/providers/")[-1].partition("/")[2])
def test_a_resource_lives_where_it_was_put(case: Case, url: str) -> None:
    """Made, read, listed, put again and deleted in any case of its id; then 404 of its own, and 204. Of a
    group, it is in the subscription's list, too, is what resources below it need, takes a patch of its tags,
    and takes its grants along."""
    body, code = ROWS[url]
    put_parents(case, url)
    many = url.rpartition("/")[0]
    assert case.send("GET", url).code == code
    assert case.send("PUT", url, body).status in (200, 201, 202)
    shown = [case.send("GET", url).body for _ in range(2)][1]
    id = shown["id"]
    assert id.lower() == url.lower()
    assert shown["name"] in (url.rpartition("/")[2], f"rows/{url.rpartition('/')[2]}")
    assert id in ids(case, many)
    assert case.send("PUT", url.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"), body).status in (
        200,
        202,
    )
    assert case.send("GET", url).body["id"] == id
    if url in TRACKED:
        assert id in ids(case, many.replace(GROUP, SUBSCRIPTION))
        assert case.send("GET", many.replace(GROUP, f"{GROUP}-2")).code == "ResourceGroupNotFound"
        assert missing_parent(case.cloud, f"{url}/below/it") == ""
        assert missing_parent(case.cloud, f"{url}2") == f"{url}2"
        changed = case.send("PATCH", url, {"tags": {"a": "b"}, "location": "eastus"}).body
        assert (changed["tags"], changed["location"], changed["id"]) == ({"a": "b"}, shown["location"], id)
        assign_role(case.cloud, seed.READER.object_id, "Owner", url)
    assert case.send("DELETE", url).status in (200, 202)
    assert case.cloud.store.scan("roleAssignment", f"{url}/") == []
    assert case.send("GET", url).code == code
    assert id not in ids(case, many)
    assert case.send("DELETE", url).status == 204


@pytest.mark.parametrize("kind", ["denyAssignments/d", "policyExemptions/e", "policyAssignments/b"])
def test_a_list_at_a_scope_has_what_is_above_and_below(case: Case, kind: str) -> None:
    """And nothing of a place beside it."""
    other = case.group("g2")
    url = f"{GROUP}/{AUTHORIZATION}/{kind}"
    put_parents(case, url)
    id = case.send("PUT", url, ROWS[url][0]).body["id"]
    many = url.rpartition("/")[0]
    found = {scope: id in ids(case, many.replace(GROUP, scope)) for scope in (SUBSCRIPTION, GROUP, other)}
    assert found == {SUBSCRIPTION: True, GROUP: True, other: False}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{WORKSPACE}/savedSearches/s", "ParentResourceNotFound"),
        (f"{NAMESPACE}/authorizationRules/r", "ParentResourceNotFound"),
        (f"{NETWORK}/privateDnsZones/a.example/virtualNetworkLinks/l", "ParentResourceNotFound"),
        (f"{NETWORK}/privateEndpoints/e/privateDnsZoneGroups/z", "ParentResourceNotFound"),
        (f"{ACCOUNT}/deployments/dd", "ResourceNotFound"),
    ],
)
def test_fails_below_what_is_not_there(case: Case, url: str, code: str) -> None:
    """A child needs the one that it is below."""
    body = ROWS[url][0] if url in ROWS else {**GLOBAL, **of(x=1)}
    assert case.send("PUT", url, body).code == code
