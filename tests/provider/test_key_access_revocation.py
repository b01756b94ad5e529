"""The resource that takes access to a key away at once, and remembers that it was meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.facts import PolicyEntry, RoleAssignment
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER, CRYPTO_USER, READER, Role
from provider.binder import READ_LAG_SECONDS
from provider.failure import ServiceError
from tests.provider.fake_azure import KEY_ID, PRINCIPAL, TENANT, VAULT_ID, FakeAzure, a_vault
from tests.provider.rig import FailedError, FakeClock, engine, engine_log

pytestmark = pytest.mark.asyncio
REVOCATION = "azure-cmk:index:KeyAccessRevocation"
INPUTS = {"keyId": KEY_ID, "principalId": PRINCIPAL}
ID = f"{KEY_ID}|{PRINCIPAL}"
OTHER = "99999999-0000-4000-8000-000000000009"
NEEDED = ("get", "wrapkey", "unwrapkey")


def assignment(
    scope: str, principal: str = PRINCIPAL, role: Role = CRYPTO_SERVICE_ENCRYPTION_USER
) -> RoleAssignment:
    """A role assignment with an id of its own."""
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{principal[:8]}-{role.id[:8]}"
    return RoleAssignment(scope, principal, role.id, role, id=id)


class LateVaults(dict[str, Any]):
    """What reads show: the vault as it was, and `seconds` later as it is."""

    def __init__(self, clock: FakeClock, seconds: float, before: Any, now: Any) -> None:
        super().__init__({VAULT_ID.lower(): now})
        self._clock, self._until, self._before = clock, clock.now() + seconds, before

    def get(self, key: str, default: Any = None) -> Any:
        return self._before if self._clock.now() < self._until else super().get(key, default)


def with_policies(*entries: PolicyEntry) -> FakeAzure:
    """An Azure whose vault has these access policies."""
    azure = FakeAzure()
    azure.vaults[VAULT_ID.lower()] = a_vault(policies=entries)
    return azure


def with_roles(*roles: RoleAssignment) -> FakeAzure:
    """An Azure whose vault goes by these role assignments."""
    azure = FakeAzure()
    azure.vaults[VAULT_ID.lower()] = a_vault(uses_rbac=True, policies=())
    azure.roles = list(roles)
    return azure


async def test_the_identitys_access_policy_goes_and_no_other() -> None:
    """What an application or another identity may do stays."""
    mine = PolicyEntry(PRINCIPAL, NEEDED, TENANT)
    others = (PolicyEntry(OTHER, NEEDED, TENANT), PolicyEntry(PRINCIPAL, NEEDED, TENANT, "an-application"))
    azure = with_policies(mine, *others)
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
    assert id == ID
    assert azure.vaults[VAULT_ID.lower()].policies == others
    assert outputs.values["revokedAt"].endswith("Z")


async def test_the_identitys_role_at_the_key_goes_and_what_is_above_stays_with_a_warning() -> None:
    """Roles at the vault serve other keys, too; that the key can still be used is said."""
    above, reader = assignment(VAULT_ID, role=CRYPTO_USER), assignment(VAULT_ID, role=READER)
    others = [above, reader, assignment(KEY_ID, OTHER), assignment(f"{VAULT_ID}/keys/other")]
    azure = with_roles(assignment(KEY_ID), *others)
    async with engine_log() as (log, address):
        async with engine(azure, engine_address=address) as pulumi:
            await pulumi.create(REVOCATION, INPUTS)
        said = log.messages(ephemeral=False)
    assert azure.roles == others
    assert any("can still use the key" in text and "Key Vault Crypto User" in text for text in said)
    assert any(f"run `az role assignment delete --ids {above.id}`" in text for text in said)


async def test_a_role_of_a_group_is_named_and_no_command_deletes_it() -> None:
    """Others are in the group; what Azure lists for a member does not tell it from the member's own."""

    class Member(FakeAzure):
        async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
            return []

    azure = Member()
    azure.vaults[VAULT_ID.lower()] = a_vault(uses_rbac=True, policies=())
    azure.roles = [assignment(VAULT_ID)]
    async with engine_log() as (log, address):
        async with engine(azure, engine_address=address) as pulumi:
            await pulumi.create(REVOCATION, INPUTS)
        (said,) = [text for text in log.messages(ephemeral=False) if "can still use the key" in text]
    assert f"{CRYPTO_SERVICE_ENCRYPTION_USER.name} at {VAULT_ID}" in said
    assert "remove it, or disable the key version" in said
    assert "az role assignment delete" not in said


async def test_access_from_above_that_is_given_later_is_said_by_each_refresh() -> None:
    """The identity has none of its own at the key, so that the revocation stays on record."""
    azure = with_roles(assignment(KEY_ID))
    async with engine_log() as (log, address):
        async with engine(azure, engine_address=address) as pulumi:
            id, outputs = await pulumi.create(REVOCATION, INPUTS)
            azure.roles = [assignment(VAULT_ID)]
            before = log.messages(ephemeral=False)
            kept, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
        said = log.messages(ephemeral=False)
    assert kept == ID
    assert not any("can still use the key" in text for text in before)
    assert any("can still use the key" in text for text in said)


async def test_an_assignment_that_is_named_goes_wherever_it_is() -> None:
    """An adopted account may have its role at the vault."""
    named = assignment(VAULT_ID)
    azure = with_roles(named)
    async with engine(azure) as pulumi:
        await pulumi.create(REVOCATION, {**INPUTS, "assignmentId": named.id})
    assert azure.roles == []


async def test_access_that_is_gone_already_is_no_failure() -> None:
    """Nor is a vault that is gone: nobody can use its keys."""
    azure = with_policies()
    async with engine(azure) as pulumi:
        await pulumi.create(REVOCATION, INPUTS)
        azure.vaults.clear()
        await pulumi.create(REVOCATION, INPUTS)
    assert "remove_policy" not in azure.calls


@pytest.mark.parametrize(
    "azure", [with_policies(PolicyEntry(PRINCIPAL, NEEDED, TENANT)), with_roles(assignment(KEY_ID))]
)
async def test_access_that_somebody_gave_back_shows_in_a_refresh(azure: FakeAzure) -> None:
    """It is gone from the state then, and the next update takes the access away again."""
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        kept, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
        assert kept == ID
        azure.vaults[VAULT_ID.lower()] = replace(
            azure.vaults[VAULT_ID.lower()], policies=(PolicyEntry(PRINCIPAL, ("unwrapkey",), TENANT),)
        )
        azure.roles = [assignment(KEY_ID)]
        gone, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
        assert gone == ""


@pytest.mark.parametrize("late_seconds", [0.0, 30.0, 59.0])
async def test_reads_that_lag_behind_are_not_taken_for_access_given_back(late_seconds: float) -> None:
    """A read may show the access as it was before it was taken away; the revocation stays on record."""
    policies = (PolicyEntry(PRINCIPAL, NEEDED, TENANT),)
    azure, clock = with_policies(*policies), FakeClock()
    async with engine(azure, clock=clock) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        now = azure.vaults[VAULT_ID.lower()]
        azure.vaults = LateVaults(clock, late_seconds, replace(now, policies=policies), now)
        kept, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
    assert kept == ID


async def test_access_given_back_later_shows_at_the_first_look() -> None:
    """A refresh waits for late reads only in the minute after the revocation."""
    azure, clock = with_policies(), FakeClock()
    async with engine(azure, clock=clock) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        await clock.sleep(READ_LAG_SECONDS)
        azure.vaults[VAULT_ID.lower()] = a_vault(policies=(PolicyEntry(PRINCIPAL, NEEDED, TENANT),))
        slept = len(clock.slept)
        gone, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
    assert (gone, clock.slept[slept:]) == ("", [])


async def test_what_may_not_be_read_stays_as_it_was() -> None:
    """A reader of less than everything forgets nothing."""
    azure = with_policies()
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        azure.failures["vault"].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
        kept, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
        assert kept == ID


async def test_deleting_it_gives_nothing_back() -> None:
    """Only a grant does."""
    azure = with_policies(PolicyEntry(PRINCIPAL, NEEDED, TENANT))
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        await pulumi.delete(REVOCATION, id, outputs.values)
    assert azure.vaults[VAULT_ID.lower()].policies == ()


async def test_fails_where_the_access_cannot_be_removed() -> None:
    """A login that may not write the vault is told so; the data is still within reach."""
    azure = with_policies(PolicyEntry(PRINCIPAL, NEEDED, TENANT))
    azure.failures["remove_policy"].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="not authorized"):
            await pulumi.create(REVOCATION, INPUTS)
