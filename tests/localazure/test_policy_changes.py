"""Azure Policy's effects modify and append: what they make of a write, and what Azure says of it before."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.support.front import SUBSCRIPTION, Door

GROUP = f"{SUBSCRIPTION}/resourceGroups/guarded"
AUTHORIZATION = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
ACCOUNT, VAULT = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
NO_PUBLIC = "47ba1dd7-28d9-4b07-a8d5-9813bed64e0c"
NO_KEYS = "14de9e63-1b31-492e-a5a3-c3f7fd57f555"
FIREWALL = "ac673a9a-f77d-4846-b2d8-a57f8e1c01dc"
ADD, ADD_OR_REPLACE = "4f9dc7db-30c1-420c-b61a-e1d640128d26", "5ffd78d9-436d-4b41-a421-5baa819e3008"
ADD_TO_GROUPS = "726aca4c-86e9-4b04-b0c5-073027359532"
INHERIT, INHERIT_MISSING = "cd3aa116-8754-49c9-a813-ad46512ece54", "ea3f2387-9b95-492a-a190-fcdc54f7b070"
APPEND = "2a0e14a6-b0a6-4fab-991a-187a4f81c498"
COST = {"tagName": "costCenter", "tagValue": "4711"}


@pytest.fixture
def door() -> Door:
    """A cloud with a resource group that has a tag."""
    door = Door()
    assert door.send("PUT", GROUP, {"location": "westeurope", "tags": {"costCenter": "9"}}).status == 201
    return door


def assign(door: Door, definition: str, name: str = "theirs", **parameters: Any) -> None:
    """Assigns a definition by its id or, a built-in one, by its name."""
    id = (
        definition
        if "/" in definition
        else f"/providers/Microsoft.Authorization/policyDefinitions/{definition}"
    )
    values = {word: {"value": value} for word, value in parameters.items()}
    body = {"properties": {"policyDefinitionId": id, "parameters": values}}
    assert door.send("PUT", f"{AUTHORIZATION}/policyAssignments/{name}", body).status < 300


def define(door: Door, effect: str, details: Any, **condition: Any) -> str:
    """A definition of the subscription's own; its id."""
    rule = {
        "if": {"field": "type", "equals": VAULT, **condition},
        "then": {"effect": effect, "details": details},
    }
    id = f"{AUTHORIZATION}/policyDefinitions/own"
    assert door.send("PUT", id, {"properties": {"policyRule": rule}}).status < 300
    return id


def vault(door: Door, tags: Any = None, **properties: Any) -> Any:
    """The answer to the PUT of a vault."""
    given = {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    body = {
        "location": "westeurope",
        "properties": {**given, **properties},
        **({"tags": tags} if tags else {}),
    }
    return door.send("PUT", f"{GROUP}/providers/{VAULT}/kv-guarded", body)


def account(door: Door, **properties: Any) -> Any:
    """An account after its PUT."""
    body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}, "properties": properties}
    answer = door.send("PUT", f"{GROUP}/providers/{ACCOUNT}/language", body)
    assert answer.status == 201, answer.body
    return answer.body["properties"]


def test_a_property_of_an_account_is_replaced(door: Door) -> None:
    """Whatever the request says; one that says it already is left alone."""
    assign(door, NO_PUBLIC)
    assign(door, NO_KEYS, "keys")
    made = account(door, publicNetworkAccess="Enabled", disableLocalAuth=False)
    assert (made["publicNetworkAccess"], made["disableLocalAuth"]) == ("Disabled", True)


def test_a_property_inside_of_one_that_is_not_sent_is_skipped(door: Door) -> None:
    """The documentation's "skipped modification"."""
    assign(door, FIREWALL)
    assert "networkAcls" not in vault(door).body["properties"]
    rules = vault(door, networkAcls={"defaultAction": "Allow", "bypass": "AzureServices"})
    assert rules.body["properties"]["networkAcls"]["defaultAction"] == "Deny"


@pytest.mark.parametrize(
    ("definition", "parameters", "given", "found"),
    [
        (ADD, COST, {}, "4711"),
        (ADD, COST, {"COSTCENTER": "1"}, "1"),
        (ADD_OR_REPLACE, COST, {"costCenter": "1"}, "4711"),
        (INHERIT, {"tagName": "costCenter"}, {"costCenter": "1"}, "9"),
        (INHERIT_MISSING, {"tagName": "costCenter"}, {}, "9"),
        (INHERIT_MISSING, {"tagName": "costCenter"}, {"costCenter": "1"}, "1"),
        (INHERIT, {"tagName": "owner"}, {}, None),
        (APPEND, COST, {}, "4711"),
    ],
)
def test_a_tag_is_added_or_replaced(
    door: Door, definition: str, parameters: Any, given: Any, found: str | None
) -> None:
    """By the operation, from a parameter or from the resource group."""
    assign(door, definition, **parameters)
    tags = {name.lower(): value for name, value in (vault(door, given).body.get("tags") or {}).items()}
    assert tags.get("costcenter") == found


def test_a_tag_of_resources_is_none_of_groups_and_the_other_way_round(door: Door) -> None:
    """Mode Indexed leaves groups alone, and what has no location; a group's policy has mode All."""
    assign(door, ADD, **COST)
    assert (
        "tags" not in door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/free", {"location": "westeurope"}).body
    )
    assign(door, ADD_TO_GROUPS, "groups", **COST)
    free = door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/free", {"location": "westeurope"})
    assert free.body["tags"] == {"costCenter": "4711"}
    assert vault(door).body["tags"] == {"costCenter": "4711"}


def test_a_tag_is_removed(door: Door) -> None:
    """The one operation that takes something away, which only tags have."""
    assign(door, define(door, "modify", {"operations": [{"operation": "remove", "field": "tags['old']"}]}))
    assert vault(door, {"old": "1", "new": "2"}).body["tags"] == {"new": "2"}


def test_append_adds_to_a_list_and_refuses_to_replace(door: Door) -> None:
    """It "acts as a deny" where the request has another value."""
    field = f"{VAULT}/networkAcls.ipRules[*]"
    assign(door, define(door, "append", [{"field": field, "value": {"value": "20.1.1.1"}}]))
    made = vault(door, networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "20.1.1.2"}]})
    listed = [one["value"].partition("/")[0] for one in made.body["properties"]["networkAcls"]["ipRules"]]
    assert listed == ["20.1.1.2", "20.1.1.1"]
    assign(door, define(door, "append", [{"field": "tags.team", "value": "hub"}]))
    assert vault(door, {"team": "claims"}).code == "RequestDisallowedByPolicy"
    assert vault(door).body["tags"] == {"team": "hub"}


def test_what_is_changed_is_judged_as_changed(door: Door) -> None:
    """Modify comes before deny: a tag that one policy adds meets the policy that asks for it."""
    assign(door, "871b6d14-10aa-478d-b590-94f262ecfa99", "required", tagName="costCenter")
    assert vault(door).code == "RequestDisallowedByPolicy"
    assign(door, ADD, **COST)
    assert vault(door).status == 200


def test_an_expression_that_is_not_known_is_not_passed_over(door: Door) -> None:
    """It stops the request, as an error of this cloud."""
    operation = {"operation": "add", "field": "tags.day", "value": "[utcNow()]"}
    assign(door, define(door, "modify", {"operations": [operation]}))
    assert vault(door).status == 500


def test_restrictions_name_what_policy_sets(door: Door) -> None:
    """For the fields that were asked about: the value, whether it replaces one, the assignment and the
    effect. What the changed content then meets is no denial."""
    assign(door, "871b6d14-10aa-478d-b590-94f262ecfa99", "required", tagName="costCenter")
    assign(door, ADD, "tag", **COST)
    assign(door, NO_PUBLIC, "public")
    content = {
        "type": ACCOUNT,
        "location": "westeurope",
        "properties": {"publicNetworkAccess": "Enabled", "disableLocalAuth": True},
    }
    public = f"{ACCOUNT}/publicNetworkAccess"
    body = {
        "resourceDetails": {"resourceContent": content, "apiVersion": "2024-10-01"},
        "pendingFields": [{"field": "tags"}, {"field": public, "values": ["Enabled"]}],
    }
    check = f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    answer = door.send("POST", check, body).body
    assert answer["contentEvaluationResult"] == {"policyEvaluations": []}
    found = {one["field"]: one["restrictions"] for one in answer["fieldRestrictions"]}
    (tag,), (access,) = found["tags.costCenter"], found[public]
    assert (tag["result"], tag["defaultValue"], tag["policyEffect"]) == ("Required", "4711", "modify")
    assert tag["policy"]["policyAssignmentId"].endswith("/policyAssignments/tag")
    assert (access["result"], access["values"]) == ("Required", ["Disabled"])
    assert door.send("POST", check, {**body, "pendingFields": []}).body["fieldRestrictions"] == []
