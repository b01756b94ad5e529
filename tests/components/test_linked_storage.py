"""Storage that an account is linked to: who may use it, and what never changes. For which kinds:
test_kinds.py."""

from __future__ import annotations

from typing import Any

import pytest

from components.arguments.problem import InputError
from components.testing import PRINCIPAL
from core import arm_ids, kinds
from core.roles import STORAGE_BLOB_DATA_CONTRIBUTOR
from tests.components.guards.first_deployments import IN_SHARED, SHARED, STORAGE, storage
from tests.support.local_deployment import Deployment
from tests.support.recording import service, service_inputs

LINKED: dict[str, Any] = {"storage_account_ids": [STORAGE]}


@pytest.mark.parametrize("identity", ["systemAssigned", "systemAndUserAssigned"])
def test_the_accounts_own_identity_gets_exactly_the_role(identity: str) -> None:
    """On the storage account alone, whichever identity uses the key."""
    (role,) = service(**LINKED, identity=identity).of(":RoleAssignment")
    assert (role.inputs["scope"], role.inputs["principalId"]) == (STORAGE, PRINCIPAL)
    assert arm_ids.name_of(role.inputs["roleDefinitionId"]) == STORAGE_BLOB_DATA_CONTRIBUTOR.id


@pytest.mark.parametrize("identity", ["userAssigned", "systemAssigned"])
def test_its_owner_may_give_the_role(identity: str) -> None:
    """With grantStorageAccess: false the storage account is left alone, whoever reads it; it has to be said
    where no identity of the account could use the storage."""
    assert service(**LINKED, grant_storage_access=False, identity=identity).of(":RoleAssignment") == []
    if identity == "userAssigned":
        with pytest.raises(
            InputError, match=r"grantStorageAccess: .*expected identity: systemAndUserAssigned"
        ):
            service_inputs(**LINKED, identity=identity)


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.ALL if kind.storage])
def test_of_some_kinds_the_storage_never_changes(kind: str) -> None:
    """Azure refuses the write; Language is moved."""
    deployment = Deployment()
    storage(deployment)
    deployment.up({"claims": {**SHARED, **LINKED, "kind": kind}})
    id = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/{kinds.named(kind).prefix}-claims"
    sent = deployment.arm("PATCH", id, {"properties": {"userOwnedStorage": []}}, api="2025-06-01")
    assert sent.status == (400 if kinds.named(kind).storage_stays else 202)
