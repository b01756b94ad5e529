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
from provider.failure import ServiceError
from provider.wire import Properties
from tests.provider.fake_azure import KEY_ID, PRINCIPAL, TENANT, VAULT_ID, FakeAzure, a_vault
from tests.provider.rig import REVOCATION, Engine, FailedError, FakeClock, create, engine

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
        self._read = self.vaults[VAULT_ID.lower()]
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
                self.put(self._read)
        super()._enter(name)
        if name == "remove_policy" and self._is_writing:
            raise BUSY


def with_roles(*roles: RoleAssignment) -> FakeAzure:
    """An Azure whose vault goes by these role assignments."""
    azure = FakeAzure(a_vault(uses_rbac=True, policies=()))
    azure.roles = list(roles)
    return azure


def left(azure: FakeAzure) -> list[Any]:
    """The access that there is."""
    return [*azure.vaults[VAULT_ID.lower()].policies, *azure.roles]


async def refreshed(pulumi: Engine, made: Properties) -> str:
    """The id after a refresh; "" where the access was given back."""
    return (await pulumi.read(REVOCATION, ID, INPUTS, made.values))[0]


OF_OTHERS = [PolicyEntry(OTHER, NEEDED, TENANT), PolicyEntry(PRINCIPAL, NEEDED, TENANT, "an-application")]
ABOVE, READS = assignment(VAULT_ID, role=CRYPTO_USER), assignment(VAULT_ID, role=READER)
NOT_ITS_OWN = [ABOVE, READS, assignment(KEY_ID, OTHER), assignment(f"{VAULT_ID}/keys/other")]
GONE = ServiceError(404, "RoleAssignmentNotFound", "not found")


@pytest.mark.parametrize(
    ("azure", "named", "stays"),
    [
        (with_policies(MINE, *OF_OTHERS), {}, OF_OTHERS),
        (with_policies(), {}, []),
        (with_roles(assignment(KEY_ID), *NOT_ITS_OWN), {}, NOT_ITS_OWN),
        (with_roles(ABOVE), {"assignmentId": ABOVE.id}, []),
    ],
    ids=["policies", "no access", "roles", "a role that is named"],
)
async def test_the_identitys_own_access_goes_and_no_other(
    azure: FakeAzure, named: dict[str, str], stays: list[Any]
) -> None:
    """What an application, another identity or another key has stays, and what is above the key, but where it
    is named. A deletion gives nothing back: only a grant does."""
    async with engine(azure) as pulumi:
        id, made = await pulumi.create(REVOCATION, {**INPUTS, **named})
        await pulumi.delete(REVOCATION, id, made.values)
    assert id == ID
    assert made.values["revokedAt"].endswith("Z")
    assert left(azure) == stays


async def test_what_is_above_the_key_is_said() -> None:
    """Roles at the vault serve other keys, too; each refresh says those given later. The identity has
    none of its own at the key, so that the revocation stays on record."""
    azure = with_roles(assignment(KEY_ID))
    async with engine(azure) as pulumi:
        _, made = await pulumi.create(REVOCATION, INPUTS)
        assert not any("can still use the key" in text for text in pulumi.said)
        azure.roles = [ABOVE]
        assert await refreshed(pulumi, made) == ID
        await pulumi.create(REVOCATION, INPUTS)
    told = [text for text in pulumi.said if "can still use the key" in text]
    assert len(told) == 2
    for text in told:
        assert "Key Vault Crypto User" in text
        assert f"such as a group, needs it, run `az role assignment delete --ids {ABOVE.id}`" in text


async def test_a_vault_that_is_gone_is_no_failure(fake: FakeAzure, pulumi: Engine) -> None:
    """Nobody can use its keys."""
    fake.vaults.clear()
    await pulumi.create(REVOCATION, INPUTS)
    assert "remove_policy" not in fake.calls


@pytest.mark.parametrize("azure", [with_policies(MINE), with_roles(assignment(KEY_ID))])
async def test_access_that_somebody_gave_back_shows_in_a_refresh(azure: FakeAzure) -> None:
    """It is gone from the state then, and the next update takes the access away again."""
    async with engine(azure) as pulumi:
        _, made = await pulumi.create(REVOCATION, INPUTS)
        assert await refreshed(pulumi, made) == ID
        narrower = (PolicyEntry(PRINCIPAL, ("unwrapkey",), TENANT),)
        azure.put(replace(azure.vaults[VAULT_ID.lower()], policies=narrower))
        azure.roles = [assignment(KEY_ID)]
        assert await refreshed(pulumi, made) == ""


@pytest.mark.parametrize("seconds", [1.0, 50.0])
async def test_answers_that_are_behind_are_not_taken_for_access_given_back(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, seconds: float
) -> None:
    """Reads may show the access as it was before it was taken away; the revocation stays on record."""
    _, made = await pulumi.create(REVOCATION, INPUTS)
    fake.vaults = LateVaults(clock, seconds, a_vault(), fake.vaults[VAULT_ID.lower()])
    assert await refreshed(pulumi, made) == ID


async def test_one_answer_that_is_behind_long_after_is_not_believed(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """As of every other resource, what is gone is asked for twice."""
    _, made = await pulumi.create(REVOCATION, INPUTS)
    before = Properties({**made.values, "revokedAt": "2020-01-01T00:00:00Z"})
    fake.vaults = LateVaults(clock, 1.0, a_vault(), fake.vaults[VAULT_ID.lower()])
    assert await refreshed(pulumi, before) == ID


@pytest.mark.parametrize("seed", range(50))
async def test_access_goes_for_good_while_somebody_else_writes_the_vault(seed: int) -> None:
    """Azure refuses a write during another one, and a list of policies that was read before the revocation
    and is written after it brings the access back."""
    clock = FakeClock()
    azure = BusyVault(clock, seed)
    await create(azure, REVOCATION, INPUTS, clock)
    await clock.sleep(60.0)
    await azure.vault(arm_ids.vault_id(VAULT_ID))
    assert left(azure) == []


async def test_another_write_of_the_vault_is_waited_for(fake: FakeAzure, pulumi: Engine) -> None:
    """As long as it takes, and the log says so; the access is gone then."""
    fake.failures["remove_policy"] += [BUSY] * 40
    await pulumi.create(REVOCATION, INPUTS)
    assert left(fake) == []
    assert any("409 ConflictError" in text for text in pulumi.progress)


@pytest.mark.parametrize(
    "failure",
    [
        ServiceError(409, "ConflictError", "A vault with the same name already exists in deleted state."),
        ServiceError(409, "ScopeLocked", "The scope is locked."),
        ServiceError(409, "AmbiguousPolicyEvaluationPaths", "The request content has ambiguous paths."),
        ServiceError(403, "AuthorizationFailed", "not authorized"),
    ],
    ids=lambda failure: failure.code,
)
async def test_any_other_refusal_is_told_at_once(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, failure: ServiceError
) -> None:
    """Only another write of the vault is known to pass by itself; the data is still within reach."""
    fake.failures["remove_policy"].append(failure)
    with pytest.raises(FailedError, match=f"{failure.code}: {failure.text}"):
        await pulumi.create(REVOCATION, INPUTS)
    assert clock.slept == []


async def test_access_that_is_given_back_again_and_again_is_an_error() -> None:
    """It never says that access is gone which it last saw."""

    class GivenBack(FakeAzure):
        async def remove_policy(self, vault: ArmId, entry: PolicyEntry) -> None:
            self._enter("remove_policy")

    with pytest.raises(FailedError, match=r"gave up after 30 min.*language-key"):
        await create(GivenBack(), REVOCATION, INPUTS)


async def test_an_assignment_that_somebody_else_deletes_first_is_gone() -> None:
    """A managed HSM answers 404 for a role that is not there; that was to be so."""
    azure = with_roles(assignment(KEY_ID))
    azure.lost["delete_role_assignment"].append(GONE)
    await create(azure, REVOCATION, INPUTS)
    assert azure.roles == []
