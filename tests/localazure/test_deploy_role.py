"""What docs/roles/deploy.json lets its holder do besides deploying, and what a condition on it takes away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localazure import seed
from localazure.directory import Principal, create_principal
from tests.localazure.driver import GROUP, WEST, Case
from tests.support.front import ARM, SUBSCRIPTION, Reply, token

ROLES = Path(__file__).resolve().parents[2] / "docs" / "roles"
CONDITION = (ROLES / "deploy-condition.txt").read_text()
DEFINITIONS = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
VAULT = {
    "tenantId": seed.TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "enablePurgeProtection": True,
    "accessPolicies": [],
}
DEPLOY = "00000000-0000-4000-8000-000000000001"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
KEY_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
ACCOUNT_IDENTITY = "b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124"


class Pipeline:
    """Somebody with the deploy role at the subscription, and a vault with a key that others made."""

    def __init__(self, *, rbac: bool, condition: str | None = None) -> None:
        self.door = Case()
        self.me = create_principal(self.door.cloud, tenant_id=seed.TENANT_ID, name="pipeline")
        self.vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-pipeline"
        key = {"properties": {"kty": "RSA", "keySize": 2048}}
        role = json.loads((ROLES / "deploy.json").read_text())
        for id, body in (
            (self.vault, {**WEST, "properties": {**VAULT, "enableRbacAuthorization": rbac}}),
            (f"{self.vault}/keys/key", key),
            (f"{DEFINITIONS}/{DEPLOY}", role),
        ):
            assert self.arm("PUT", id, body, by=seed.DEPLOYER).status < 300
        given = self.assign(DEPLOY, self.me.object_id, at=SUBSCRIPTION, condition=condition, by=seed.DEPLOYER)
        assert given == 201

    def arm(self, method: str, id: str, body: Any = None, *, by: Principal | None = None) -> Reply:
        api = "2026-02-01" if "KeyVault" in id and "Authorization" not in id else "2022-04-01"
        return self.door.send(method, f"{ARM}{id}?api-version={api}", body, bearer=token(by or self.me))

    def assign(
        self, role: str, to: str, *, at: str = "", condition: str | None = None, by: Principal | None = None
    ) -> int:
        properties = {
            "roleDefinitionId": f"{DEFINITIONS}/{role}",
            "principalId": to,
            "principalType": "ServicePrincipal",
            "condition": condition,
        }
        return self.arm("PUT", assignment(at or self.vault, role), {"properties": properties}, by=by).status

    def permit_itself(self) -> int:
        entry = {"tenantId": seed.TENANT_ID, "objectId": self.me.object_id}
        policies = [{**entry, "permissions": {"keys": ["delete"]}}]
        body = {"properties": {"accessPolicies": policies}}
        return self.arm("PUT", f"{self.vault}/accessPolicies/add", body).status

    def back_to_policies(self) -> int:
        return self.arm("PATCH", self.vault, {"properties": {"enableRbacAuthorization": False}}).status

    def delete_key(self) -> int:
        url = "https://kv-pipeline.vault.azure.net/keys/key?api-version=7.4"
        return self.door.send("DELETE", url, bearer=token(self.me, "https://vault.azure.net")).status


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
    assert pipeline.arm("DELETE", assignment(pipeline.vault, ENCRYPTION_USER)).status == 200
    assert pipeline.permit_itself() == 200
    assert pipeline.delete_key() == 403
    assert pipeline.assign(KEY_ADMINISTRATOR, pipeline.me.object_id) == administrator
    assert pipeline.delete_key() == deletion
    assert pipeline.back_to_policies() == model


ROLE = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
WRITES = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f"{WRITES} OR ({ROLE} ForAnyOfAnyValues:GuidEquals {{{KEY_ADMINISTRATOR}, {DEPLOY}}})", 201),
        (f"{WRITES} OR ({ROLE} ForAnyOfAllValues:GuidNotEquals {{{KEY_ADMINISTRATOR}}})", 403),
        (f"{WRITES} OR ({ROLE} ForAnyOfAllValues:GuidNotEquals {{{DEPLOY}}})", 201),
        (WRITES, 403),
    ],
)
def test_a_condition_is_judged_by_the_role_that_is_given(condition: str, status: int) -> None:
    """In the forms that the documentation of delegated role assignments has."""
    pipeline = Pipeline(rbac=True, condition=condition)
    assert pipeline.assign(KEY_ADMINISTRATOR, pipeline.me.object_id) == status


def test_a_condition_about_anything_else_is_kept_and_not_looked_at() -> None:
    """Such as one on the names of keys, which Azure decides when the key is used."""
    pipeline = Pipeline(
        rbac=True, condition="(@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'a')"
    )
    assert pipeline.assign(ENCRYPTION_USER, ACCOUNT_IDENTITY) == 201
