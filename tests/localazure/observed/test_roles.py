"""Microsoft.Authorization/roleAssignments as observed."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.roles import BY_NAME
from tests.localazure.observed.fact import GROUP, Fact, Step, check, scene, send

API = "?api-version=2022-04-01"
NAMES = [f"00000000-0000-4000-8000-00000000000{digit}" for digit in range(2)]
ROLE = f"/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME['Reader'].id}"
OTHERS = "99999999-0000-4000-8000-000000000009"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u?api-version=2023-01-31"


def url(name: str = NAMES[0]) -> str:
    return f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}{API}"


def grant(principal: str = seed.READER.object_id, **more: str) -> dict[str, object]:
    return {"properties": {"roleDefinitionId": ROLE, "principalId": principal, **more}}


NULL = (
    "properties.condition",
    "properties.conditionVersion",
    "properties.delegatedManagedIdentityResourceId",
    "properties.description",
)
MADE = Step("PUT", url(), grant())
FACTS = (
    Fact(
        "a grant is 201, its type filled in and its creator not told",
        "PUT",
        url(),
        201,
        grant(),
        has={
            **dict.fromkeys(NULL, None),
            "properties.createdBy": None,
            "properties.principalType": "ServicePrincipal",
            "properties.scope": GROUP,
            "name": NAMES[0],
            "type": "Microsoft.Authorization/roleAssignments",
        },
    ),
    Fact(
        "later answers tell the creator",
        "GET",
        url(),
        200,
        given=(MADE,),
        has={**dict.fromkeys(NULL, None), "properties.createdBy": seed.DEPLOYER.object_id},
        kept=("id", "properties.principalId", "properties.createdOn"),
    ),
    Fact("a delete answers what is gone", "DELETE", url(), 200, given=(MADE,), kept=("id", "name")),
    Fact(
        "an absent grant is not the gateway's",
        "GET",
        url("none"),
        404,
        without=("x-ms-failure-cause",),
        has={"error.code": "RoleAssignmentNotFound"},
        message="The role assignment 'none' is not found.",
    ),
    Fact(
        "a principal that nobody knows is told without dashes",
        "PUT",
        url(),
        400,
        grant(OTHERS),
        has={"error.code": "PrincipalNotFound"},
        like={"error.message": f"Principal {OTHERS.replace('-', '')} does not exist in .* principalType .*"},
    ),
    Fact(
        "who names its type is believed",
        "PUT",
        url(),
        201,
        grant(OTHERS, principalType="ServicePrincipal"),
    ),
    Fact(
        "the same grant under another name exists",
        "PUT",
        url(NAMES[1]),
        409,
        grant(),
        given=(MADE,),
        has={"error.code": "RoleAssignmentExists"},
        message="The role assignment already exists.",
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_role_assignments_are_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)


def test_a_fresh_identity_is_known_after_a_while() -> None:
    """PrincipalNotFound for as long as identities take to be known (20 s were seen), then 201."""
    door = scene()
    door.cloud.behave(principals_visible_after=20)
    made = send(door, "PUT", IDENTITY, {"location": "westeurope"})
    body = grant(made.body["properties"]["principalId"])
    assert send(door, "PUT", url(), body).code == "PrincipalNotFound"
    door.cloud.clock.advance(20)
    assert send(door, "PUT", url(), body).status == 201
