"""Parts composed one by one in Python: objects go in, and the wrong order cannot be written."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.account import AIServicesAccount
from components.binding import KeyBinding
from components.identity import EncryptionIdentity
from components.key import EncryptionKey
from components.testing import PRINCIPAL, TENANT, VERSION
from components.vault import KeyVault
from tests.review.build import BINDING, binding, bound, review, step, urn
from tests.support.recording import RecordingMonitor, run

PLACE: Any = {"resource_group_name": "rg", "location": "westeurope"}


def in_tenant(**more: Any) -> Any:
    return {**PLACE, "tenant_id": TENANT, **more}


def composed(access_model: str) -> RecordingMonitor:
    def program() -> None:
        vault = KeyVault("claims", in_tenant(access_model=access_model))
        key = EncryptionKey("claims", {"vault_id": vault.vault_id})
        account = AIServicesAccount("claims", PLACE)
        grant = key.grant_use("claims", account, access_model)
        KeyBinding.of("claims", account=account, key=key, grant=grant, generation=2)

    return run(program)


@pytest.mark.parametrize("access_model", ["accessPolicy", "rbac"])
def test_a_key_grants_its_use_and_a_binding_takes_the_grant(access_model: str) -> None:
    """The grant is for the account's identity in its tenant, on this key; the binding comes after it and is
    written again with the account."""
    made = composed(access_model)
    grant = made.one(":RoleAssignment" if access_model == "rbac" else ":AccessPolicy")
    binding, version = made.one(":CustomerManagedKey"), made.one(":KeyVersion")
    if access_model == "rbac":
        assert grant.inputs["principalId"] == PRINCIPAL
        assert grant.inputs["scope"].endswith("/vaults/kv-claims/keys/cmk-claims")
    else:
        assert (grant.inputs["policy"]["objectId"], grant.inputs["policy"]["tenantId"]) == (PRINCIPAL, TENANT)
    assert {grant.urn, version.urn} <= binding.needs
    assert binding.inputs["keyUriWithVersion"].endswith(f"/keys/cmk-claims/{VERSION}")
    assert version.inputs["generation"] == 2


def test_a_binding_alone_is_not_deleted_by_an_accident() -> None:
    """Its deletion may unbind the account: only where the program says so, the engine refuses that of a
    protected resource, and the review of a pull request blocks it, also where the protection was taken off
    before."""
    made = composed("rbac").one(":CustomerManagedKey")
    assert made.request.protect
    assert "onDelete" not in made.inputs
    removed = {**step("delete", BINDING, "b", binding()), "urn": made.urn}
    found = review(*(one for one in bound() if one["urn"] != urn(BINDING, "b")), removed)
    assert [one.verdict.name.value for row in found.rows for one in row.verdicts] == ["unbound"]
    assert found.severity.exit_code == 4


def test_a_key_grants_its_use_to_a_user_assigned_identity() -> None:
    """An account that is bound in its own create takes the identity, whose grant is there before."""

    def program() -> None:
        vault = KeyVault("claims", in_tenant())
        identity = EncryptionIdentity("claims", PLACE)
        EncryptionKey("claims", {"vault_id": vault.vault_id}).grant_use("claims", identity)

    made = run(program)
    assert made.one(":AccessPolicy").inputs["policy"]["objectId"] == PRINCIPAL
    assert made.one(":UserAssignedIdentity").urn in made.one(":AccessPolicy").needs


def test_fails_where_the_account_has_no_identity_of_its_own() -> None:
    """The error names the two ways out."""

    def program() -> None:
        key = EncryptionKey("claims", {"vault_id": KeyVault("claims", in_tenant()).vault_id})
        account = AIServicesAccount("claims", PLACE)
        # What Azure answers of an account without an identity.
        account.principal_id = pulumi.Output.from_input(None)
        key.grant_use("claims", account)

    with pytest.raises(
        Exception, match=r"no system-assigned identity.*systemAssigned.*user-assigned identity"
    ):
        run(program)
