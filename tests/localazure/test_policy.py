"""Locks, and Azure Policy as it holds accounts: scopes, exemptions with an end, and the refusal."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.authorization import assign_role
from localazure.cognitive.policy import DEFINITION_ID
from localazure.policy_scopes import counting
from tests.support.front import SUBSCRIPTION, Door, Reply, token

GROUP, OTHER = f"{SUBSCRIPTION}/resourceGroups/guarded", f"{SUBSCRIPTION}/resourceGroups/free"
EXEMPTION = "providers/Microsoft.Authorization/policyExemptions/phase-one"
API = "?api-version=2022-07-01-preview"
DAY = 86400.0
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
WEST = {"location": "West Europe"}


@pytest.fixture
def door() -> Door:
    door = Door()
    door.group("guarded")
    door.group("free")
    return door


def assign(door: Door, scope: str, name: str = "cmk", **properties: Any) -> str:
    """Assigns the built-in policy with the effect Deny; the assignment's id."""
    url = f"{scope}/providers/Microsoft.Authorization/policyAssignments/{name}"
    values = {"policyDefinitionId": DEFINITION_ID, "parameters": {"effect": {"value": "Deny"}}}
    assert door.send("PUT", url, {"properties": {**values, **properties}}).status == 201
    return url


def exempt(door: Door, scope: str, assignment: str, bearer: str | None = None, **properties: Any) -> Reply:
    values = {"policyAssignmentId": assignment, "exemptionCategory": "Waiver", **properties}
    return door.send("PUT", f"{scope}/{EXEMPTION}{API}", {"properties": values}, bearer=bearer)


def phase_one(door: Door, group: str, name: str = "language") -> Reply:
    """The create of an account on Microsoft's keys."""
    body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
    return door.send("PUT", f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}", body)


def lock(door: Door, scope: str, level: str) -> str:
    url = f"{scope}/providers/Microsoft.Authorization/locks/l"
    assert door.send("PUT", url, {"properties": {"level": level}}).status == 201
    return url


def test_a_lock_forbids_deletes_at_and_below_its_scope(door: Door) -> None:
    """CanNotDelete on a group holds what is in it, and on what is in it the group; writing goes on."""
    door.send("PUT", IDENTITY, WEST)
    url = lock(door, GROUP, "CanNotDelete")
    for target in (GROUP, IDENTITY):
        reply = door.send("DELETE", target)
        assert (reply.status, reply.code) == (409, "ScopeLocked")
    assert door.send("PUT", IDENTITY, WEST).status == 200
    assert door.send("DELETE", url).status == 200
    lock(door, IDENTITY, "CanNotDelete")
    assert door.send("DELETE", GROUP).code == "ScopeLocked"


def test_a_read_only_lock_forbids_writes(door: Door) -> None:
    """ReadOnly lets nothing but reading through, and ends with itself; there is no other level."""
    url = lock(door, GROUP, "ReadOnly")
    assert door.send("PUT", IDENTITY, WEST).code == "ScopeLocked"
    assert door.send("GET", GROUP).status == 200
    assert door.send("DELETE", url).status == 200
    assert door.send("PUT", IDENTITY, WEST).status == 201
    assert door.send("PUT", url, {"properties": {"level": "Soft"}}).status == 400
    assert door.send("GET", url).code == "LockNotFound"


def test_a_subscriptions_own_definition_can_be_assigned(door: Door) -> None:
    """It is kept as written; its assignment puts nothing in force, and one of no definition is refused."""
    provider = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
    definition = f"{provider}/policyDefinitions/own"
    assert door.send("PUT", definition, {"properties": {}}).status == 400
    rule = {"if": {"field": "type", "equals": "x"}, "then": {"effect": "deny"}}
    assert door.send("PUT", definition, {"properties": {"policyRule": rule}}).status == 201
    for id, status in ((definition, 201), (f"{definition}-not-there", 404)):
        body = {"properties": {"policyDefinitionId": id, "parameters": {"effect": {"value": "Deny"}}}}
        assert door.send("PUT", f"{provider}/policyAssignments/{id[-3:]}", body).status == status
    assert counting(door.cloud, SUBSCRIPTION, DEFINITION_ID) == []


def test_an_assignment_holds_its_scope_and_nothing_beside_it(door: Door) -> None:
    """At a resource group it denies there; another group is free."""
    assign(door, GROUP)
    assert (phase_one(door, GROUP).status, phase_one(door, OTHER).status) == (403, 201)


def test_what_an_assignment_leaves_out_is_free(door: Door) -> None:
    """A scope among its notScopes, and everything under enforcementMode DoNotEnforce."""
    url = assign(door, SUBSCRIPTION, notScopes=[OTHER])
    assert (phase_one(door, GROUP).status, phase_one(door, OTHER).status) == (403, 201)
    body = door.send("GET", url).body["properties"]
    door.send("PUT", url, {"properties": {**body, "enforcementMode": "DoNotEnforce"}})
    assert phase_one(door, GROUP).status == 201


def test_the_refusal_names_assignment_and_definition(door: Door) -> None:
    """403 RequestDisallowedByPolicy by ARM itself, with a PolicyViolation that tells what was compared."""
    url = assign(door, SUBSCRIPTION, displayName="Accounts have a key")
    refused = phase_one(door, GROUP)
    assert (refused.status, refused.code) == (403, "RequestDisallowedByPolicy")
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert refused.message.startswith("Resource 'language' was disallowed by policy. Policy identifiers: '[{")
    assert '"policyAssignment":{"name":"Accounts have a key"' in refused.message
    error = refused.body["error"]
    assert error["target"] == "language"
    (violation,) = error["additionalInfo"]
    assert violation["type"] == "PolicyViolation"
    info = violation["info"]
    assert (info["policyAssignmentId"], info["policyDefinitionId"]) == (url, DEFINITION_ID)
    assert info["policyDefinitionEffect"] == "Deny"
    assert info["policyAssignmentParameters"] == {"effect": "Deny"}
    (compared,) = info["evaluationDetails"]["evaluatedExpressions"]
    assert (compared["expressionValue"], compared["targetValue"]) == (None, "Microsoft.KeyVault")


def test_each_assignment_is_judged_by_itself(door: Door) -> None:
    """Exempt from one of two, the group is still held by the other."""
    first = assign(door, SUBSCRIPTION)
    second = assign(door, SUBSCRIPTION, "cmk-too")
    assert exempt(door, GROUP, first).status == 201
    refused = phase_one(door, GROUP)
    assert refused.body["error"]["additionalInfo"][0]["info"]["policyAssignmentId"] == second


def test_an_exemption_holds_until_it_ends(door: Door) -> None:
    """Phase one passes in the exempt group until expiresOn, and nowhere else."""
    assignment = assign(door, SUBSCRIPTION)
    end = door.cloud.clock.datetime().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    door.cloud.clock.advance(-DAY)
    assert exempt(door, GROUP, assignment, expiresOn=end).status == 201
    assert (phase_one(door, GROUP).status, phase_one(door, OTHER).status) == (201, 403)
    door.cloud.clock.advance(DAY + 1)
    assert phase_one(door, GROUP, "another").status == 403


def test_the_life_of_an_exemption(door: Door) -> None:
    """201, then 200 with its creator kept; gone with its group."""
    assignment = assign(door, SUBSCRIPTION)
    made = exempt(door, GROUP, assignment, description="until bound", displayName=None)
    assert made.body["id"] == f"{GROUP}/{EXEMPTION}"
    assert made.body["type"] == "Microsoft.Authorization/policyExemptions"
    assert made.body["properties"] == {
        "policyAssignmentId": assignment,
        "exemptionCategory": "Waiver",
        "description": "until bound",
        "assignmentScopeValidation": "Default",
    }
    door.cloud.clock.advance(60)
    again = exempt(door, GROUP, assignment, exemptionCategory="Mitigated")
    assert again.status == 200
    assert again.body["systemData"]["createdAt"] == made.body["systemData"]["createdAt"]
    assert door.send("GET", f"{GROUP}/{EXEMPTION}{API}").body == again.body
    door.send("DELETE", GROUP)
    assert door.send("GET", f"{SUBSCRIPTION}/{EXEMPTION.rsplit('/', 1)[0]}{API}").body == {"value": []}


@pytest.mark.parametrize(
    ("scope", "properties", "status", "text"),
    [
        (GROUP, {"exemptionCategory": "Whim"}, 400, "exemptionCategory is 'Whim'"),
        (GROUP, {"expiresOn": "soon"}, 400, "expiresOn is 'soon'"),
        (GROUP, {"policyAssignmentId": f"{SUBSCRIPTION}/none"}, 404, "is not found"),
        (OTHER, {}, 400, "is not at or below the scope of its policy assignment"),
    ],
)
def test_fails_for_an_exemption_that_cannot_be(
    door: Door, scope: str, properties: dict[str, Any], status: int, text: str
) -> None:
    """A wrong category or end, no assignment, a scope that the assignment does not reach."""
    reply = exempt(door, scope, assign(door, GROUP), **properties)
    assert reply.status == status
    assert text in reply.message


def test_who_may_not_exempt_from_an_assignment_is_refused(door: Door) -> None:
    """Writing exemptions in the group is not enough: the right to exempt is asked for at the assignment."""
    assignment = assign(door, SUBSCRIPTION)
    assign_role(door.cloud, seed.READER.object_id, "Owner", GROUP)
    refused = exempt(door, GROUP, assignment, token(seed.READER))
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
    assert "Microsoft.Authorization/policyAssignments/exempt/action" in refused.message
