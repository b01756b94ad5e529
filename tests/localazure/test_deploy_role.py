"""What docs/roles/deploy.json lets its holder do besides deploying, and what a condition on it takes away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localazure import seed
from tests.localazure.driver import SERVICE, URI, VAULT, Case
from tests.support.front import SUBSCRIPTION

ROLES = Path(__file__).resolve().parents[2] / "docs" / "roles"
CONDITION = (ROLES / "deploy-condition.txt").read_text()
DEFINITIONS = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
DEPLOY = "00000000-0000-4000-8000-000000000001"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
KEY_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
ACCOUNT_IDENTITY = "b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124"
ITS_OWN = {"tenantId": seed.TENANT_ID, "objectId": SERVICE.object_id, "permissions": {"keys": ["delete"]}}
PERMIT_ITSELF = {
    "ask": f"PUT {VAULT}/accessPolicies/add by service -> 200",
    "send": {"properties": {"accessPolicies": [ITS_OWN]}},
}
DELETE_KEY = f"DELETE {URI}/keys/key by service"


def assignment(role: str, at: str = VAULT) -> str:
    return f"{at}/providers/Microsoft.Authorization/roleAssignments/{role}"


def given(role: str, to: str, by: str, at: str = VAULT, **more: Any) -> dict[str, Any]:
    """The step that gives a role; `by` is the caller and the status."""
    properties = {"principalType": "ServicePrincipal", "principalId": to, **more}
    properties["roleDefinitionId"] = f"{DEFINITIONS}/{role}"
    return {"ask": f"PUT {assignment(role, at)} by {by}", "send": {"properties": properties}}


def pipeline(*, rbac: bool, condition: str | None = None) -> Case:
    """A vault with a key that others made; SERVICE has the deploy role at the subscription."""
    properties = {"enablePurgeProtection": True, "enableRbacAuthorization": rbac}
    case = Case()
    case.do(
        {"ask": f"PUT {VAULT}", "send": ["vault", {"properties": properties}]},
        f"PUT {VAULT}/keys/key with rsa",
        {"ask": f"PUT {DEFINITIONS}/{DEPLOY}", "send": json.loads((ROLES / "deploy.json").read_text())},
        given(DEPLOY, SERVICE.object_id, "deployer -> 201", SUBSCRIPTION, condition=condition),
    )
    return case


def test_with_access_policies_the_deploy_role_can_delete_the_key() -> None:
    """It gives itself the permission by one write of the vault's policies."""
    pipeline(rbac=False).do(f"{DELETE_KEY} -> 403", PERMIT_ITSELF, f"{DELETE_KEY} -> 200")


@pytest.mark.parametrize(
    ("condition", "assigned", "changed"),
    [(None, 201, 200), (CONDITION, 403, 403)],
    ids=["without the condition", "with it"],
)
def test_under_rbac_the_condition_keeps_the_key(condition: str | None, assigned: int, changed: int) -> None:
    """With it, the holder gives no role but the service's, does not go back to access policies, and does not
    delete the key; the account gets its access, and loses it, all the same."""
    access_policies = {"properties": {"enableRbacAuthorization": False}}
    pipeline(rbac=True, condition=condition).do(
        given(ENCRYPTION_USER, ACCOUNT_IDENTITY, "service -> 201"),
        f"DELETE {assignment(ENCRYPTION_USER)} by service -> 200",
        PERMIT_ITSELF,
        f"{DELETE_KEY} -> 403",
        given(KEY_ADMINISTRATOR, SERVICE.object_id, f"service -> {assigned}"),
        f"{DELETE_KEY} -> {changed}",
        {"ask": f"PATCH {VAULT} by service -> {changed}", "send": access_policies},
    )


KEYS_NAME = "(@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'a')"
ROLE = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
WRITES = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f"{WRITES} OR ({ROLE} ForAnyOfAnyValues:GuidEquals {{{KEY_ADMINISTRATOR}, {DEPLOY}}})", 201),
        (f"{WRITES} OR ({ROLE} ForAnyOfAllValues:GuidNotEquals {{{KEY_ADMINISTRATOR}}})", 403),
        (f"{WRITES} OR ({ROLE} ForAnyOfAllValues:GuidNotEquals {{{DEPLOY}}})", 201),
        (WRITES, 403),
        (KEYS_NAME, 201),
    ],
)
def test_a_condition_is_judged_by_the_role_that_is_given(condition: str, status: int) -> None:
    """In the forms that the documentation of delegated role assignments has; one about anything else, such as
    the names of keys, which Azure decides when a key is used, is kept and not looked at."""
    case = pipeline(rbac=True, condition=condition)
    case.do(given(KEY_ADMINISTRATOR, SERVICE.object_id, f"service -> {status}"))
