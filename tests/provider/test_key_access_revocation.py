"""The resource that takes access to a key away at once, and remembers that it was meant."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from core import arm_ids
from core.arm_ids import ArmId
from core.facts import PolicyEntry, RoleAssignment
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER, CRYPTO_USER, READER, Role
from provider.binder import READ_LAG_SECONDS
from provider.failure import ServiceError
from tests.provider.fake_azure import KEY_ID, PRINCIPAL, TENANT, VAULT_ID, FakeAzure, a_vault
from tests.provider.rig import FailedError, FakeClock, engine

REVOCATION = "azure-cmk:index:KeyAccessRevocation"
INPUTS = {"keyId": KEY_ID, "principalId": PRINCIPAL}
ID = f"{KEY_ID}|{PRINCIPAL}"
OTHER = "99999999-0000-4000-8000-000000000009"
NEEDED = ("get", "wrapkey", "unwrapkey")
MINE = PolicyEntry(PRINCIPAL, NEEDED, TENANT)


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
    return FakeAzure(a_vault(policies=entries))


BUSY = ServiceError(
    409,
    "ConflictError",
    "A conflict occurred that prevented the operation from completing. The operation failed because the Key "
    "Vault 'language-vault' changed from the point the operation began. This can happen if parallel "
    "operations are being performed on the Key Vault.",
)


class BusyVault(FakeAzure):
    """A vault that somebody else writes ten times: they read it, send all of its access policies up to a
    second later, and for another 0.9 s Azure is at that write and refuses every other one."""

    def __init__(self, clock: FakeClock, seed: int) -> None:
        super().__init__()
        self.vaults[VAULT_ID.lower()] = self._read = a_vault(policies=(MINE,))
        self._clock, rng, moment = clock, random.Random(seed), -1.0
        self._due: list[tuple[float, str]] = []
        for _ in range(10):
            for pause, act in (
                (rng.uniform(0.0, 3.0), "read"),
                (rng.uniform(0.0, 1.0), "send"),
                (0.9, "done"),
            ):
                moment += pause
                self._due.append((moment, act))
        self._is_writing = False

    def _enter(self, name: str) -> None:
        while self._due and self._due[0][0] <= self._clock.now():
            _, act = self._due.pop(0)
            self._is_writing = act == "send"
            if act == "read":
                self._read = self.vaults[VAULT_ID.lower()]
            if act == "done":
                self.vaults[VAULT_ID.lower()] = self._read
        super()._enter(name)
        if name == "remove_policy" and self._is_writing:
            raise BUSY


def with_roles(*roles: RoleAssignment) -> FakeAzure:
    """An Azure whose vault goes by these role assignments."""
    azure = FakeAzure(a_vault(uses_rbac=True, policies=()))
    azure.roles = list(roles)
    return azure


async def test_the_identitys_access_policy_goes_and_no_other() -> None:
    """What an application or another identity may do stays."""
    mine = MINE
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
    async with engine(azure) as pulumi:
        await pulumi.create(REVOCATION, INPUTS)
    said = pulumi.said
    assert azure.roles == others
    assert any("can still use the key" in text and "Key Vault Crypto User" in text for text in said)
    assert any(f"run `az role assignment delete --ids {above.id}`" in text for text in said)


async def test_a_role_of_a_group_is_named_and_no_command_deletes_it() -> None:
    """Others are in the group; what Azure lists for a member does not tell it from the member's own."""

    class Member(FakeAzure):
        async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
            return []

    azure = Member()
    azure.put(a_vault(uses_rbac=True, policies=()))
    azure.roles = [assignment(VAULT_ID)]
    async with engine(azure) as pulumi:
        await pulumi.create(REVOCATION, INPUTS)
    (said,) = [text for text in pulumi.said if "can still use the key" in text]
    assert f"{CRYPTO_SERVICE_ENCRYPTION_USER.name} at {VAULT_ID}" in said
    assert "remove it, or disable the key version" in said
    assert "az role assignment delete" not in said


async def test_access_from_above_that_is_given_later_is_said_by_each_refresh() -> None:
    """The identity has none of its own at the key, so that the revocation stays on record."""
    azure = with_roles(assignment(KEY_ID))
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        azure.roles = [assignment(VAULT_ID)]
        before = pulumi.said
        kept, _, _ = await pulumi.read(REVOCATION, id, INPUTS, outputs.values)
    said = pulumi.said
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


@pytest.mark.parametrize("azure", [with_policies(MINE), with_roles(assignment(KEY_ID))])
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
    policies = (MINE,)
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
        azure.put(a_vault(policies=(MINE,)))
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
    azure = with_policies(MINE)
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(REVOCATION, INPUTS)
        await pulumi.delete(REVOCATION, id, outputs.values)
    assert azure.vaults[VAULT_ID.lower()].policies == ()


@pytest.mark.parametrize("seed", range(50))
async def test_access_goes_for_good_while_somebody_else_writes_the_vault(seed: int) -> None:
    """Azure refuses a write during another one, and a list of policies that was read before the revocation
    and is written after it brings the access back."""
    clock = FakeClock()
    azure = BusyVault(clock, seed)
    async with engine(azure, clock) as pulumi:
        await pulumi.create(REVOCATION, INPUTS)
    await clock.sleep(60.0)
    assert (await azure.vault(arm_ids.vault_id(VAULT_ID))).policies == ()  # type: ignore[union-attr]


async def test_another_write_of_the_vault_is_waited_for() -> None:
    """As long as it takes, and the log says so; the access is gone then."""
    azure, clock = with_policies(MINE), FakeClock()
    azure.failures["remove_policy"] += [BUSY] * 40
    async with engine(azure, clock) as pulumi:
        await pulumi.create(REVOCATION, INPUTS)
    said = pulumi.progress
    assert azure.vaults[VAULT_ID.lower()].policies == ()
    assert any("409 ConflictError" in text for text in said)


@pytest.mark.parametrize(
    "failure",
    [
        ServiceError(409, "ConflictError", "A vault with the same name already exists in deleted state."),
        ServiceError(409, "ScopeLocked", "The scope is locked."),
        ServiceError(409, "AmbiguousPolicyEvaluationPaths", "The request content has ambiguous paths."),
    ],
    ids=lambda failure: failure.code,
)
async def test_any_other_conflict_is_told_at_once(failure: ServiceError) -> None:
    """Only another write of the vault is known to pass by itself."""
    azure, clock = with_policies(MINE), FakeClock()
    azure.failures["remove_policy"].append(failure)
    async with engine(azure, clock) as pulumi:
        with pytest.raises(FailedError, match=failure.code):
            await pulumi.create(REVOCATION, INPUTS)
    assert clock.slept == []


async def test_access_that_is_given_back_again_and_again_is_an_error() -> None:
    """It never says that access is gone which it last saw."""

    class GivenBack(FakeAzure):
        async def remove_policy(self, vault: ArmId, entry: PolicyEntry) -> None:
            self._enter("remove_policy")

    azure, clock = GivenBack(), FakeClock()
    async with engine(azure, clock) as pulumi:
        with pytest.raises(FailedError, match=r"gave up after 30 min.*language-key"):
            await pulumi.create(REVOCATION, INPUTS)


async def test_an_assignment_that_somebody_else_deletes_first_is_gone() -> None:
    """A managed HSM answers 404 for a role that is not there; that was to be so."""
    azure = with_roles(assignment(KEY_ID))
    azure.lost["delete_role_assignment"].append(ServiceError(404, "RoleAssignmentNotFound", "not found"))
    async with engine(azure) as pulumi:
        await pulumi.create(REVOCATION, INPUTS)
    assert azure.roles == []


async def test_fails_where_the_access_cannot_be_removed() -> None:
    """A login that may not write the vault is told so; the data is still within reach."""
    azure = with_policies(MINE)
    azure.failures["remove_policy"].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="not authorized"):
            await pulumi.create(REVOCATION, INPUTS)
