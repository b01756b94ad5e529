"""What docs/roles/deploy.json lets its holder do besides deploying, and what a condition on it takes away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localazure import seed
from localazure.directory import Principal, create_principal
from tests.localazure.driver import URI, VAULT, Case
from tests.support.front import SUBSCRIPTION

ROLES = Path(__file__).resolve().parents[2] / "docs" / "roles"
CONDITION = (ROLES / "deploy-condition.txt").read_text()
DEFINITIONS = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
DEPLOY = "00000000-0000-4000-8000-000000000001"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
KEY_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
ACCOUNT_IDENTITY = "b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124"


class Pipeline(Case):
    """Somebody with the deploy role at the subscription, and a vault with a key that others made."""

    def __init__(self, *, rbac: bool, condition: str | None = None) -> None:
        super().__init__()
        self.me = create_principal(self.cloud, tenant_id=seed.TENANT_ID, name="pipeline")
        properties = {"enablePurgeProtection": True, "enableRbacAuthorization": rbac}
        role = json.loads((ROLES / "deploy.json").read_text())
        self.do(
            {"ask": f"PUT {VAULT}", "send": ["vault", {"properties": properties}]},
            f"PUT {VAULT}/keys/key with rsa",
            {"ask": f"PUT {DEFINITIONS}/{DEPLOY}", "send": role},
        )
        given = self.assign(DEPLOY, self.me.object_id, at=SUBSCRIPTION, condition=condition, by=seed.DEPLOYER)
        assert given == 201

    def own(self, method: str, url: str, body: Any = None) -> int:
        """The status that the holder of the role gets."""
        return self.ask(method, url, body, who=self.me).status

    def assign(self, role: str, to: str, *, at: str = VAULT, by: Principal | None = None, **more: Any) -> int:
        given = {"roleDefinitionId": f"{DEFINITIONS}/{role}", "principalId": to, **more}
        properties = {"principalType": "ServicePrincipal", **given}
        return self.ask("PUT", assignment(at, role), {"properties": properties}, who=by or self.me).status

    def permit_itself(self) -> int:
        entry = {"tenantId": seed.TENANT_ID, "objectId": self.me.object_id}
        policies = [{**entry, "permissions": {"keys": ["delete"]}}]
        return self.own("PUT", f"{VAULT}/accessPolicies/add", {"properties": {"accessPolicies": policies}})

    def delete_key(self) -> int:
        return self.own("DELETE", f"{URI}/keys/key")


def assignment(at: str, role: str) -> str:
    return f"{at}/providers/Microsoft.Authorization/roleAssignments/{role}"


def test_with_access_policies_the_deploy_role_can_delete_the_key() -> None:
    """It gives itself the permission by one write of the vault's policies."""
    pipeline = Pipeline(rbac=False)
    assert pipeline.delete_key() == 403
    assert pipeline.permit_itself() == 200
    assert pipeline.delete_key() == 200


@pytest.mark.parametrize(
    ("condition", "administrator", "model", "deletion"),
    [(None, 201, 200, 200), (CONDITION, 403, 403, 403)],
    ids=["without the condition", "with it"],
)
def test_under_rbac_the_condition_keeps_the_key(
    condition: str | None, administrator: int, model: int, deletion: int
) -> None:
    """With it, the holder gives no role but the service's, does not go back to access policies, and does not
    delete the key; the account gets its access, and loses it, all the same."""
    pipeline = Pipeline(rbac=True, condition=condition)
    assert pipeline.assign(ENCRYPTION_USER, ACCOUNT_IDENTITY) == 201
    assert pipeline.own("DELETE", assignment(VAULT, ENCRYPTION_USER)) == 200
    assert pipeline.permit_itself() == 200
    assert pipeline.delete_key() == 403
    assert pipeline.assign(KEY_ADMINISTRATOR, pipeline.me.object_id) == administrator
    assert pipeline.delete_key() == deletion
    policies = {"properties": {"enableRbacAuthorization": False}}
    assert pipeline.own("PATCH", VAULT, policies) == model


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
    pipeline = Pipeline(rbac=True, condition=condition)
    assert pipeline.assign(KEY_ADMINISTRATOR, pipeline.me.object_id) == status
