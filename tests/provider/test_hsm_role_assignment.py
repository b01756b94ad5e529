"""The resource that gives an identity a key of a managed HSM, by the HSM's own roles."""

from __future__ import annotations

from typing import Any

import pytest

from core.facts import Vault
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.failure import ServiceError
from tests.provider.fake_azure import PRINCIPAL, VAULT_ID, FakeAzure
from tests.provider.rig import HSM_ROLE, FailedError, create, engine
from tests.provider.test_key_access_revocation import OTHER, assignment

HSM_ID = VAULT_ID.replace("/vaults/", "/managedHSMs/")
HSM_KEY = f"{HSM_ID}/keys/language-key"
ROLE = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
INPUTS = {"scope": HSM_KEY, "principalId": PRINCIPAL, "roleDefinitionId": ROLE}
ID = f"{HSM_KEY}|{PRINCIPAL}"
DENIED = ServiceError(
    403, "AccessDenied", "Not authorized to access Microsoft.KeyVault/managedHsm/roleAssignments/read/action"
)
NO_ANSWER = ServiceError(0, "ServiceRequestError", "no such host")


def with_hsm() -> FakeAzure:
    azure = FakeAzure()
    azure.vaults[HSM_ID.lower()] = Vault(id=HSM_ID, uses_rbac=True)
    return azure


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_a_spelling_changes_in_place(preview: bool) -> None:
    """Nothing is asked of the HSM, and what is known of the grant stays."""
    azure = with_hsm()
    async with engine(azure) as pulumi:
        id, made = await pulumi.create(HSM_ROLE, INPUTS)
        calls, news = len(azure.calls), {**INPUTS, "principalId": PRINCIPAL.upper()}
        changed = await pulumi.update(HSM_ROLE, id, made.values, INPUTS, news, preview=preview)
    assert changed.values == {**made.values, **news}
    assert len(azure.calls) == calls


async def test_a_grant_is_made_read_and_taken() -> None:
    """Exactly the role that the service needs, at the key; what others have stays."""
    azure = with_hsm()
    theirs = assignment(HSM_KEY, OTHER, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
    above = assignment(HSM_ID, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
    azure.roles = [theirs, above]
    async with engine(azure) as pulumi:
        id, made = await pulumi.create(HSM_ROLE, INPUTS)
        given = azure.roles[-1]
        assert (given.scope, given.principal_id, given.role_id) == (HSM_KEY, PRINCIPAL, ROLE)
        assert (id, made.values) == (ID, {**INPUTS, "assignmentId": given.id})
        assert (await pulumi.read(HSM_ROLE, ID, INPUTS, made.values))[0] == ID
        await pulumi.delete(HSM_ROLE, ID, made.values)
    assert azure.roles == [theirs, above]


async def test_a_grant_that_exists_is_taken_over() -> None:
    """Also where the first try was carried out and its answer lost."""
    azure = with_hsm()
    azure.roles = [assignment(HSM_KEY, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)]
    async with engine(azure) as pulumi:
        _, made = await pulumi.create(HSM_ROLE, INPUTS)
        assert "assign_hsm_role" not in azure.calls
        assert made.values["assignmentId"] == azure.roles[0].id
    azure.roles = []
    azure.lost["assign_hsm_role"] = [ServiceError(409, "RoleAssignmentExists", "it already exists")]
    async with engine(azure) as pulumi:
        _, made = await pulumi.create(HSM_ROLE, INPUTS)
        assert [one.id for one in azure.roles] == [made.values["assignmentId"]]


async def test_a_grant_is_gone_when_it_is_answered_twice() -> None:
    """One answer may come from a front end that is behind."""
    azure = with_hsm()
    olds: dict[str, Any] = {**INPUTS, "assignmentId": "x"}
    async with engine(azure) as pulumi:
        assert (await pulumi.read(HSM_ROLE, ID, INPUTS, olds))[0] == ""
    assert azure.calls.count("own_role_assignments") == 2


async def test_fails_naming_the_role_that_the_deployer_lacks() -> None:
    """Who may not give roles in the HSM is told which role it takes."""
    azure = with_hsm()
    azure.failures["own_role_assignments"] = [DENIED]
    with pytest.raises(FailedError, match="Managed HSM Policy Administrator"):
        await create(azure, HSM_ROLE, INPUTS)


async def test_an_hsm_that_is_gone_holds_no_grant() -> None:
    """Its deletion is no error then."""
    azure = with_hsm()
    del azure.vaults[HSM_ID.lower()]
    async with engine(azure) as pulumi:
        await pulumi.delete(HSM_ROLE, ID, INPUTS)
    assert "own_role_assignments" not in azure.calls
