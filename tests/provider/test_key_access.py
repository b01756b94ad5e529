"""Access to a key: taken away at once, gone with its account, given in a managed HSM, and waited for."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from core import arm_ids
from core.arm_ids import ArmId
from core.facts import Account, Encryption, PolicyEntry, RoleAssignment, Vault
from core.roles import (
    CRYPTO_SERVICE_ENCRYPTION_USER,
    CRYPTO_USER,
    HSM_CRYPTO_SERVICE_ENCRYPTION_USER,
    READER,
    Role,
)
from provider.failure import ServiceError
from provider.wire import Properties
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    NOT_YET,
    PRINCIPAL,
    TENANT,
    V2,
    VAULT_ID,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import (
    ACCESS,
    CLEANUP,
    CMK,
    HSM_ROLE,
    REVOCATION,
    Engine,
    FailedError,
    FakeClock,
    create,
    engine,
)

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


CLEANED = {"keyId": KEY_ID, "accountId": ACCOUNT_ID}
CLEANED_ID = f"{KEY_ID}|{ACCOUNT_ID}"
THEIRS = PolicyEntry(OTHER, NEEDED, TENANT)


async def seen(pulumi: Engine) -> dict[str, Any]:
    """The outputs as the refresh before a destroy finds them, of one that was made before its account."""
    _, outputs, _ = await pulumi.read(CLEANUP, CLEANED_ID, CLEANED, CLEANED)
    return dict(outputs.values)


async def test_it_is_made_before_its_account_and_learns_later_whose_access_it_is(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """The identity exists only once the account does."""
    account = fake.accounts.pop(ACCOUNT_ID.lower())
    id, outputs = await pulumi.create(CLEANUP, CLEANED)
    assert (id, outputs.values) == (CLEANED_ID, CLEANED)
    fake.accounts[ACCOUNT_ID.lower()] = account
    assert await seen(pulumi) == {**CLEANED, "principalId": PRINCIPAL}
    anew = replace(account, principal_id=OTHER)
    fake.accounts[ACCOUNT_ID.lower()] = anew
    assert (await seen(pulumi))["principalId"] == OTHER


async def test_the_access_policy_of_an_account_that_is_gone_goes_and_no_other() -> None:
    """Also where a read shows the account, under its key, for a while after its deletion."""
    azure, clock = with_policies(MINE, THEIRS), FakeClock()
    azure.put(an_account(encryption=bound_to()))
    async with engine(azure, clock) as pulumi:
        deleting = asyncio.ensure_future(pulumi.delete(CLEANUP, CLEANED_ID, await seen(pulumi)))
        await clock.paused.wait()
        assert azure.vaults[VAULT_ID.lower()].policies == (MINE, THEIRS)
        del azure.accounts[ACCOUNT_ID.lower()]
        await deleting
    assert azure.vaults[VAULT_ID.lower()].policies == (THEIRS,)


async def test_the_role_at_the_key_goes_and_no_other() -> None:
    """What the identity has from further up was not given with the key."""
    others = [assignment(VAULT_ID), assignment(KEY_ID, OTHER)]
    azure = with_roles(assignment(KEY_ID), *others)
    async with engine(azure) as pulumi:
        state = await seen(pulumi)
        del azure.accounts[ACCOUNT_ID.lower()]
        await pulumi.delete(CLEANUP, CLEANED_ID, state)
    assert azure.roles == others


async def test_another_write_of_the_vault_is_waited_for_and_the_removal_seen() -> None:
    """Azure refuses a write during another one; what a read still shows afterwards is removed again."""
    azure, clock = with_policies(MINE, THEIRS), FakeClock()
    azure.failures["remove_policy"] += [BUSY] * 5
    removed = FakeAzure.remove_policy
    lost = [True]

    async def first_overwritten(vault: ArmId, entry: PolicyEntry) -> None:
        before = azure.vaults[vault.normalised]
        await removed(azure, vault, entry)
        if lost.pop() if lost else False:
            azure.vaults[vault.normalised] = before

    azure.remove_policy = first_overwritten  # type: ignore[method-assign]
    async with engine(azure, clock) as pulumi:
        state = await seen(pulumi)
        del azure.accounts[ACCOUNT_ID.lower()]
        await pulumi.delete(CLEANUP, CLEANED_ID, state)
    assert azure.vaults[VAULT_ID.lower()].policies == (THEIRS,)


UNKNOWN_KEY = Encryption("Microsoft.KeyVault")


@pytest.mark.parametrize(
    ("encryption", "keeps"),
    [
        (bound_to(), True),
        (bound_to(key_name="another-key"), True),
        (UNKNOWN_KEY, True),
        (bound_to(key_vault_uri="https://elsewhere.vault.azure.net"), False),
        (Encryption(), False),
    ],
    ids=["on the key", "on another key of the vault", "on a key that is not told", "elsewhere", "on none"],
)
async def test_an_account_that_stays_keeps_its_access_while_it_needs_it(
    encryption: Encryption, *, keeps: bool
) -> None:
    """Whatever deletes the resource: a destroy of it alone, a key that is no longer declared."""
    azure = with_policies(MINE)
    azure.put(an_account(encryption=encryption))
    async with engine(azure) as pulumi:
        await pulumi.delete(CLEANUP, CLEANED_ID, await seen(pulumi))
    assert azure.vaults[VAULT_ID.lower()].policies == ((MINE,) if keeps else ())


@pytest.mark.parametrize("answer", [None, an_account()], ids=["absent", "not bound"])
async def test_one_answer_about_an_account_that_lives_takes_nothing_away(answer: Account | None) -> None:
    """It may come from a front end that is behind, and the data would be out of reach: the next counts."""
    azure = with_policies(MINE)
    azure.put(an_account(encryption=bound_to()))
    async with engine(azure) as pulumi:
        state = await seen(pulumi)
        azure.stale = [answer]
        await pulumi.delete(CLEANUP, CLEANED_ID, state)
    assert not azure.stale
    assert azure.vaults[VAULT_ID.lower()].policies == (MINE,)


@pytest.mark.parametrize("made", [True, False])
async def test_nothing_to_remove_is_no_failure(*, made: bool) -> None:
    """A vault that is gone, and an account that was never made."""
    azure = with_policies(MINE)
    async with engine(azure) as pulumi:
        state = {**CLEANED, "principalId": PRINCIPAL} if made else CLEANED
        if made:
            azure.vaults.clear()
        azure.accounts.clear()
        await pulumi.delete(CLEANUP, CLEANED_ID, state)
    assert "remove_policy" not in azure.calls


async def test_another_key_is_followed(pulumi: Engine) -> None:
    """The account stays where its key changes: nothing is to be removed then."""
    news = {**CLEANED, "keyId": f"{VAULT_ID}/keys/other"}
    assert (await pulumi.update(CLEANUP, CLEANED_ID, CLEANED, CLEANED, news)).values["keyId"] == news["keyId"]


async def test_a_vault_that_has_moved_on_to_roles_is_read_as_it_is(fake: FakeAzure, pulumi: Engine) -> None:
    """Its access policies count for nothing and are left."""
    fake.put(a_vault(uses_rbac=True, policies=(MINE,)))
    fake.accounts.clear()
    await pulumi.delete(CLEANUP, CLEANED_ID, {**CLEANED, "principalId": PRINCIPAL})
    assert fake.vaults[VAULT_ID.lower()].policies == (MINE,)


HSM_ID = VAULT_ID.replace("/vaults/", "/managedHSMs/")
HSM_KEY = f"{HSM_ID}/keys/language-key"
ROLE = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
GRANT = {"scope": HSM_KEY, "principalId": PRINCIPAL, "roleDefinitionId": ROLE}
GRANT_ID = f"{HSM_KEY}|{PRINCIPAL}"
DENIED = ServiceError(
    403, "AccessDenied", "Not authorized to access Microsoft.KeyVault/managedHsm/roleAssignments/read/action"
)


def with_hsm() -> FakeAzure:
    azure = FakeAzure()
    azure.vaults[HSM_ID.lower()] = Vault(id=HSM_ID, uses_rbac=True)
    return azure


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_a_spelling_changes_in_place(preview: bool) -> None:
    """Nothing is asked of the HSM, and what is known of the grant stays."""
    azure = with_hsm()
    async with engine(azure) as pulumi:
        id, made = await pulumi.create(HSM_ROLE, GRANT)
        calls, news = len(azure.calls), {**GRANT, "principalId": PRINCIPAL.upper()}
        changed = await pulumi.update(HSM_ROLE, id, made.values, GRANT, news, preview=preview)
    assert changed.values == {**made.values, **news}
    assert len(azure.calls) == calls


async def test_a_grant_is_made_read_and_taken() -> None:
    """Exactly the role that the service needs, at the key; what others have stays."""
    azure = with_hsm()
    theirs = assignment(HSM_KEY, OTHER, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
    above = assignment(HSM_ID, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
    azure.roles = [theirs, above]
    async with engine(azure) as pulumi:
        id, made = await pulumi.create(HSM_ROLE, GRANT)
        given = azure.roles[-1]
        assert (given.scope, given.principal_id, given.role_id) == (HSM_KEY, PRINCIPAL, ROLE)
        assert (id, made.values) == (GRANT_ID, {**GRANT, "assignmentId": given.id})
        assert (await pulumi.read(HSM_ROLE, GRANT_ID, GRANT, made.values))[0] == GRANT_ID
        await pulumi.delete(HSM_ROLE, GRANT_ID, made.values)
    assert azure.roles == [theirs, above]


async def test_a_grant_that_exists_is_taken_over() -> None:
    """Also where the first try was carried out and its answer lost."""
    azure = with_hsm()
    azure.roles = [assignment(HSM_KEY, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)]
    async with engine(azure) as pulumi:
        _, made = await pulumi.create(HSM_ROLE, GRANT)
        assert "assign_hsm_role" not in azure.calls
        assert made.values["assignmentId"] == azure.roles[0].id
    azure.roles = []
    azure.lost["assign_hsm_role"] = [ServiceError(409, "RoleAssignmentExists", "it already exists")]
    async with engine(azure) as pulumi:
        _, made = await pulumi.create(HSM_ROLE, GRANT)
        assert [one.id for one in azure.roles] == [made.values["assignmentId"]]


async def test_a_grant_is_gone_when_it_is_answered_twice() -> None:
    """One answer may come from a front end that is behind."""
    azure = with_hsm()
    olds: dict[str, Any] = {**GRANT, "assignmentId": "x"}
    async with engine(azure) as pulumi:
        assert (await pulumi.read(HSM_ROLE, GRANT_ID, GRANT, olds))[0] == ""
    assert azure.calls.count("own_role_assignments") == 2


async def test_fails_naming_the_role_that_the_deployer_lacks() -> None:
    """Who may not give roles in the HSM is told which role it takes."""
    azure = with_hsm()
    azure.failures["own_role_assignments"] = [DENIED]
    with pytest.raises(FailedError, match="Managed HSM Policy Administrator"):
        await create(azure, HSM_ROLE, GRANT)


async def test_an_hsm_that_is_gone_holds_no_grant() -> None:
    """Its deletion is no error then."""
    azure = with_hsm()
    del azure.vaults[HSM_ID.lower()]
    async with engine(azure) as pulumi:
        await pulumi.delete(HSM_ROLE, GRANT_ID, GRANT)
    assert "own_role_assignments" not in azure.calls


VALIDATED = {"keyId": KEY_ID, "principalId": PRINCIPAL, "grantId": f"{VAULT_ID}/accessPolicy/{PRINCIPAL}"}
VALIDATED_ID = f"{KEY_ID}|{PRINCIPAL}"
USER_ROLE = RoleAssignment(KEY_ID, PRINCIPAL, CRYPTO_USER.id, CRYPTO_USER)


async def test_access_that_is_listed_ends_the_wait_at_once(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """An access policy with get, wrapKey and unwrapKey is enough; nothing is written."""
    id, outputs = await pulumi.create(ACCESS, VALIDATED)
    assert id == VALIDATED_ID
    assert outputs.values["accessModel"] == "accessPolicy"
    assert outputs.values["proven"] is False
    assert clock.slept == []
    assert fake.patches == []


async def test_a_role_assignment_is_waited_for_until_it_is_listed_and_the_wait_says_why() -> None:
    """Resource Manager may list an assignment late; the wait names identity, key and missing rights."""
    azure, clock = FakeAzure(a_vault(uses_rbac=True, policies=())), FakeClock()
    listed = partial(setattr, azure, "roles", [USER_ROLE])
    azure.meanwhile["role_assignments"] = lambda: listed() if clock.now() >= 45 else None
    async with engine(azure, clock) as pulumi:
        _, outputs = await pulumi.create(ACCESS, VALIDATED)
    progress = pulumi.progress
    assert 45 <= clock.now() < 80
    assert outputs.values["accessModel"] == "rbac"
    assert any(PRINCIPAL in text and "wrapKey" in text for text in progress)


@pytest.mark.parametrize("uses_rbac", [True, False])
async def test_fails_naming_the_fix_when_no_access_is_ever_listed(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, uses_rbac: bool
) -> None:
    """Access that nobody gave is not waited for until the deadline; the error holds the command."""
    fake.put(a_vault(uses_rbac=uses_rbac, policies=()))
    command = "az role assignment create" if uses_rbac else "az keyvault set-policy"
    with pytest.raises(FailedError, match=command):
        await pulumi.create(ACCESS, VALIDATED)
    assert 120 <= clock.now() < 200


@pytest.mark.parametrize("call", ["vault", "role_assignments"])
async def test_what_may_not_be_read_is_a_warning_and_no_failure(call: str) -> None:
    """A deployer who may not read the access goes on, and is warned that nothing was validated."""
    azure = FakeAzure(a_vault(uses_rbac=True, policies=()))
    azure.failures[call].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
    async with engine(azure) as pulumi:
        await pulumi.create(ACCESS, VALIDATED)
    said = pulumi.said
    assert any("not validated" in text and "AuthorizationFailed" in text for text in said)


async def test_a_bound_account_proves_that_its_access_is_in_effect() -> None:
    """The binding of an account that lives on the key is written again, unchanged, until Azure takes it."""
    clock = FakeClock()
    azure = FakeAzure(an_account(encryption=bound_to()))
    azure.until(clock, 600, NOT_YET, "bind")
    async with engine(azure, clock) as pulumi:
        _, outputs = await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID})
    progress = pulumi.progress
    assert 600 <= clock.now() <= 640
    assert outputs.values["proven"] is True
    assert {patch.key_version for patch in azure.patches} == {"1" * 32}
    assert azure.accounts[ACCOUNT_ID.lower()].encryption is not None
    assert any("access to the key" in text and "KeyVaultProperties is invalid" in text for text in progress)


async def test_a_refusal_in_unknown_words_may_be_access_that_does_not_count_yet(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """The proof waits for it as a binding does."""
    fake.put(an_account(encryption=bound_to()))
    fake.failures["bind"].append(ServiceError(400, "Odd", "nobody knows these words"))
    _, outputs = await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID})
    assert outputs.values["proven"] is True


async def test_a_binding_of_the_same_run_is_not_written_back(fake: FakeAzure, pulumi: Engine) -> None:
    """It proves the access itself, and a front end that is behind may show the version before it."""
    fake.versions = [a_version(V2), a_version()]
    fake.put(an_account(encryption=bound_to()))
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
    await pulumi.update(CMK, ACCOUNT_ID, inputs, inputs, {**inputs, "keyUriWithVersion": key_uri(V2)})
    fake.put(an_account(encryption=bound_to()))
    _, outputs = await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID})
    assert [patch.key_version for patch in fake.patches] == [V2]
    assert outputs.values["proven"] is True


@pytest.mark.parametrize("call", ["account", "key_version"])
async def test_what_may_not_be_read_proves_nothing(fake: FakeAzure, pulumi: Engine, call: str) -> None:
    """Without the right to read account or key the access is validated by what Resource Manager shows."""
    fake.put(an_account(encryption=bound_to()))
    fake.failures[call].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
    _, outputs = await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID})
    assert fake.patches == []
    assert outputs.values["proven"] is False


@pytest.mark.parametrize(
    "account",
    [
        None,
        an_account(),
        an_account(encryption=bound_to(key_name="another-key")),
        an_account(encryption=bound_to("")),
        an_account(encryption=bound_to(), principal_id="4" * 8 + "-4444-4444-4444-" + "4" * 12),
    ],
    ids=["absent", "not bound", "on another key", "without its version", "with another identity"],
)
async def test_an_account_that_proves_nothing_is_not_written(
    fake: FakeAzure, pulumi: Engine, account: Any
) -> None:
    """Only the binding of this identity to this key says something; every other account is left alone."""
    fake.accounts = {ACCOUNT_ID.lower(): account} if account else {}
    _, outputs = await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID})
    assert fake.patches == []
    assert outputs.values["proven"] is False


@pytest.mark.parametrize("unusable", [{"enabled": False}, {"expires": 1_700_000_000}])
async def test_an_account_whose_version_cannot_be_used_is_not_written(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, unusable: dict[str, Any]
) -> None:
    """With a version that is disabled or has expired no write could succeed, however long it is tried."""
    fake.put(an_account(encryption=bound_to()))
    fake.versions = [a_version(**unusable)]
    _, outputs = await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID})
    assert fake.patches == []
    assert outputs.values["proven"] is False


async def test_access_that_is_gone_is_validated_again(fake: FakeAzure, pulumi: Engine) -> None:
    """A refresh drops the validation when the access is gone, so that giving it back is waited for, too."""
    id, outputs = await pulumi.create(ACCESS, VALIDATED)
    assert (await pulumi.read(ACCESS, id, VALIDATED, outputs.values))[0] == id
    narrower = (PolicyEntry(PRINCIPAL, ("get", "unwrapkey"), TENANT),)
    fake.vaults[VAULT_ID.lower()] = replace(a_vault(), policies=narrower)
    assert (await pulumi.read(ACCESS, id, VALIDATED, outputs.values))[0] == ""


async def test_a_preview_and_a_deletion_touch_nothing(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """A preview neither waits nor writes, and access is not ours to take."""
    fake.put(a_vault(policies=()))
    await pulumi.create(ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID}, preview=True)
    await pulumi.delete(ACCESS, VALIDATED_ID, VALIDATED)
    assert clock.slept == []
    assert fake.patches == []
