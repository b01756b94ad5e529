"""Access to a key: taken away at once, gone with its account, given in a managed HSM, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

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
    BINDING,
    HSM_ID,
    HSM_KEY,
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
from tests.provider.rig import ACCESS, CLEANUP, CMK, HSM_ROLE, REVOCATION, Engine, refused

INPUTS = {"keyId": KEY_ID, "principalId": PRINCIPAL}
ID = f"{KEY_ID}|{PRINCIPAL}"
OTHER = "99999999-0000-4000-8000-000000000009"
NEEDED = ("get", "wrapkey", "unwrapkey")
MINE, THEIRS = PolicyEntry(PRINCIPAL, NEEDED, TENANT), PolicyEntry(OTHER, NEEDED, TENANT)
BY_APPLICATION = PolicyEntry(PRINCIPAL, NEEDED, TENANT, "an-application")
BUSY = ServiceError(
    409,
    "ConflictError",
    "A conflict occurred that prevented the operation from completing. The operation failed because the Key "
    "Vault 'language-vault' changed from the point the operation began. This can happen if parallel "
    "operations are being performed on the Key Vault.",
)
DENIED = ServiceError(403, "AuthorizationFailed", "not authorized")


def assignment(
    scope: str, principal: str = PRINCIPAL, role: Role = CRYPTO_SERVICE_ENCRYPTION_USER
) -> RoleAssignment:
    """A role assignment with an id of its own."""
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{principal[:8]}-{role.id[:8]}"
    return RoleAssignment(scope, principal, role.id, role, id=id)


AT_KEY, ABOVE = assignment(KEY_ID), assignment(VAULT_ID, role=CRYPTO_USER)
NOT_ITS_OWN = [
    ABOVE,
    assignment(VAULT_ID, role=READER),
    assignment(KEY_ID, OTHER),
    assignment(f"{VAULT_ID}/keys/other"),
]


def grant(azure: FakeAzure, *grants: PolicyEntry | RoleAssignment) -> None:
    """Gives this access, and no other. The vault goes by roles where one is given."""
    azure.roles = [one for one in grants if isinstance(one, RoleAssignment)]
    policies = tuple(one for one in grants if isinstance(one, PolicyEntry))
    azure.put(a_vault(uses_rbac=bool(azure.roles), policies=policies))


def left(azure: FakeAzure) -> list[Any]:
    """The access that there is."""
    policies = [entry for vault in azure.vaults.values() for entry in vault.policies]
    return [*policies, *azure.roles]


async def refreshed(pulumi: Engine, made: Properties) -> str:
    """The id of a revocation after a refresh; "" where the access was given back."""
    return (await pulumi.read(REVOCATION, ID, INPUTS, made.values))[0]


class Revoking(NamedTuple):
    """The access that there is and that is left, what happens, and a pattern of the refusal where there is
    one. `named` is a role above the key that is to go, too."""

    grants: Sequence[Any] = (MINE,)
    stays: Sequence[Any] = ()
    arrange: Callable[[FakeAzure], object] = lambda azure: None
    says: str | None = None
    named: str = ""


def fails(call: str, failure: ServiceError) -> Callable[[FakeAzure], object]:
    return lambda azure: azure.failures[call].append(failure)


DELETED = ServiceError(409, "ConflictError", "A vault with the same name already exists in deleted state.")
GONE = ServiceError(404, "RoleAssignmentNotFound", "gone")
REVOCATIONS: dict[str, Revoking] = {
    # What an application, another identity or another key has stays, and what is above the key.
    "policies": Revoking([MINE, THEIRS, BY_APPLICATION], [THEIRS, BY_APPLICATION]),
    "no access": Revoking([]),
    "roles": Revoking([AT_KEY, *NOT_ITS_OWN], NOT_ITS_OWN),
    "a role that is named": Revoking([ABOVE], named=ABOVE.id),
    # Nobody can use its keys.
    "a vault that is gone": Revoking(arrange=lambda azure: azure.vaults.clear()),
    # A managed HSM answers 404 for a role that is not there; that was to be so.
    "a role that somebody else deletes first": Revoking(
        [AT_KEY], arrange=lambda azure: azure.lost["delete_role_assignment"].append(GONE)
    ),
    # Only another write of the vault is known to pass by itself; the data is still within reach.
    "another conflict": Revoking([MINE], [MINE], fails("remove_policy", DELETED), str(DELETED)),
    "no right": Revoking([MINE], [MINE], fails("remove_policy", DENIED), str(DENIED)),
    # It never says that access is gone which it last saw.
    "access that is given back again and again": Revoking(
        [MINE],
        [MINE],
        lambda azure: azure.afterwards.update(remove_policy=lambda: grant(azure, MINE)),
        r"gave up after 30 min.*language-key",
    ),
}


@pytest.mark.parametrize("case", REVOCATIONS)
async def test_the_identitys_own_access_goes_and_no_other(pulumi: Engine, case: str) -> None:
    """At once, or what forbids it is told at once. A deletion gives nothing back: only a grant does."""
    grants, stays, arrange, says, named = REVOCATIONS[case]
    grant(pulumi.azure, *grants)
    arrange(pulumi.azure)
    call = pulumi.create(REVOCATION, {**INPUTS, **({"assignmentId": named} if named else {})})
    if says:
        await refused(call, says)
        assert pulumi.clock.slept == [] or "gave up" in says
    else:
        id, made = await call
        await pulumi.delete(REVOCATION, id, made.values)
        assert id == ID
        assert made.values["revokedAt"].endswith("Z")
    assert left(pulumi.azure) == [*stays]


async def test_what_is_above_the_key_is_said(pulumi: Engine) -> None:
    """Roles at the vault serve other keys, too; each refresh says those given later. The identity has
    none of its own at the key, so that the revocation stays on record."""
    grant(pulumi.azure, AT_KEY)
    _, made = await pulumi.create(REVOCATION, INPUTS)
    assert not any("can still use the key" in text for text in pulumi.said)
    pulumi.azure.roles = [ABOVE]
    assert await refreshed(pulumi, made) == ID
    await pulumi.create(REVOCATION, INPUTS)
    told = [text for text in pulumi.said if "can still use the key" in text]
    assert len(told) == 2
    for text in told:
        assert "Key Vault Crypto User" in text
        assert f"such as a group, needs it, run `az role assignment delete --ids {ABOVE.id}`" in text


@pytest.mark.parametrize("own", [MINE, AT_KEY], ids=["policy", "role"])
async def test_access_that_somebody_gave_back_shows_in_a_refresh(pulumi: Engine, own: Any) -> None:
    """It is gone from the state then, and the next update takes the access away again."""
    grant(pulumi.azure, own)
    _, made = await pulumi.create(REVOCATION, INPUTS)
    assert await refreshed(pulumi, made) == ID
    grant(pulumi.azure, PolicyEntry(PRINCIPAL, ("unwrapkey",), TENANT) if own is MINE else own)
    assert await refreshed(pulumi, made) == ""


@pytest.mark.parametrize(
    ("seconds", "long_ago"), [(1.0, {}), (50.0, {}), (1.0, {"revokedAt": "2020-01-01T00:00:00Z"})]
)
async def test_late_answers_are_no_access_given_back(
    pulumi: Engine, seconds: float, long_ago: dict[str, str]
) -> None:
    """Reads may show the access as it was before it was taken away; the revocation stays on record. Long
    after, what is gone is asked for twice, as of every other resource."""
    _, made = await pulumi.create(REVOCATION, INPUTS)
    azure, until = pulumi.azure, pulumi.clock.now() + seconds
    now = azure.vaults[VAULT_ID.lower()]
    azure.meanwhile["vault"] = lambda: azure.put(a_vault() if pulumi.clock.now() < until else now)
    assert await refreshed(pulumi, Properties({**made.values, **long_ago})) == ID


@pytest.mark.parametrize(("type", "seconds"), [(REVOCATION, 0.0), (REVOCATION, 1.9), (CLEANUP, 0.0)])
async def test_another_write_of_the_vault_is_outlived(pulumi: Engine, type: str, seconds: float) -> None:
    """Azure refuses a write during another one. A list of policies that was read before the removal and is
    written after it, at once or a little later, brings the access back: it is removed again."""
    azure, clock = pulumi.azure, pulumi.clock
    grant(azure, MINE, THEIRS)
    azure.failures["remove_policy"] += [BUSY] * 40

    def overwritten() -> None:
        back_at = clock.now() + seconds
        azure.afterwards.clear()

        def given_back() -> None:
            if clock.now() >= back_at:
                azure.meanwhile.clear()
                grant(azure, MINE, THEIRS)

        azure.meanwhile["vault"] = given_back

    azure.afterwards["remove_policy"] = overwritten
    if type == REVOCATION:
        await pulumi.create(REVOCATION, INPUTS)
    else:
        azure.accounts.clear()
        await pulumi.delete(CLEANUP, CLEANED_ID, {**CLEANED, "principalId": PRINCIPAL})
    assert azure.meanwhile == {}
    assert left(azure) == [THEIRS]
    assert any("409 ConflictError" in text for text in pulumi.progress)


CLEANED = {"keyId": KEY_ID, "accountId": ACCOUNT_ID}
CLEANED_ID = f"{KEY_ID}|{ACCOUNT_ID}"


async def seen(pulumi: Engine) -> dict[str, Any]:
    """The outputs as the refresh before a destroy finds them, of one that was made before its account."""
    _, outputs, _ = await pulumi.read(CLEANUP, CLEANED_ID, CLEANED, CLEANED)
    return dict(outputs.values)


async def test_it_is_made_before_its_account_and_learns_later_whose_access_it_is(pulumi: Engine) -> None:
    """The identity exists only once the account does: of one that was never made, nothing goes. Another key
    is followed: the account stays then."""
    azure = pulumi.azure
    account = azure.accounts.pop(ACCOUNT_ID.lower())
    id, outputs = await pulumi.create(CLEANUP, CLEANED)
    assert (id, outputs.values) == (CLEANED_ID, CLEANED)
    await pulumi.delete(CLEANUP, id, outputs.values)
    assert left(azure) == [MINE]
    for principal in (PRINCIPAL, OTHER):
        azure.put(replace(account, principal_id=principal))
        assert await seen(pulumi) == {**CLEANED, "principalId": principal}
    news = {**CLEANED, "keyId": f"{VAULT_ID}/keys/other"}
    assert (await pulumi.update(CLEANUP, CLEANED_ID, CLEANED, CLEANED, news)).values["keyId"] == news["keyId"]


async def test_the_access_policy_of_an_account_that_is_gone_goes_and_no_other(pulumi: Engine) -> None:
    """Also where a read shows the account, under its key, for a while after its deletion."""
    azure = pulumi.azure
    grant(azure, MINE, THEIRS)
    azure.put(an_account(encryption=bound_to()))
    deleting = asyncio.ensure_future(pulumi.delete(CLEANUP, CLEANED_ID, await seen(pulumi)))
    await pulumi.clock.paused.wait()
    assert left(azure) == [MINE, THEIRS]
    del azure.accounts[ACCOUNT_ID.lower()]
    await deleting
    assert left(azure) == [THEIRS]


THEIR_ROLES = [assignment(VAULT_ID), assignment(KEY_ID, OTHER)]
DELETIONS: dict[str, tuple[list[Any], Encryption | None, list[Any]]] = {
    "a role at the key goes, and none from further up": ([AT_KEY, *THEIR_ROLES], None, THEIR_ROLES),
    "on the key": ([MINE], bound_to(), [MINE]),
    "on another key of the vault": ([MINE], bound_to(key_name="another-key"), [MINE]),
    "on a key that is not told": ([MINE], Encryption("Microsoft.KeyVault"), [MINE]),
    "elsewhere": ([MINE], bound_to(key_vault_uri="https://elsewhere.vault.azure.net"), []),
    "on none": ([MINE], Encryption(), []),
    "policies of a vault that goes by roles": ([MINE, THEIR_ROLES[1]], None, [MINE, THEIR_ROLES[1]]),
}
"""What there is, the encryption of the account that stays, or None where it is gone, and what is left."""


@pytest.mark.parametrize("case", DELETIONS)
async def test_an_account_that_stays_keeps_its_access_while_it_needs_it(pulumi: Engine, case: str) -> None:
    """Whatever deletes the resource: a destroy of it alone, a key that is no longer declared."""
    grants, encryption, stays = DELETIONS[case]
    grant(pulumi.azure, *grants)
    pulumi.azure.put(an_account(encryption=encryption or Encryption()))
    state = await seen(pulumi)
    if encryption is None:
        pulumi.azure.accounts.clear()
    await pulumi.delete(CLEANUP, CLEANED_ID, state)
    assert left(pulumi.azure) == stays


@pytest.mark.parametrize("answer", [None, an_account()], ids=["absent", "not bound"])
async def test_one_answer_takes_no_access_away(pulumi: Engine, answer: Account | None) -> None:
    """It may come from a front end that is behind, and the data would be out of reach: the next counts."""
    pulumi.azure.put(an_account(encryption=bound_to()))
    state = await seen(pulumi)
    pulumi.azure.stale = [answer]
    await pulumi.delete(CLEANUP, CLEANED_ID, state)
    assert not pulumi.azure.stale
    assert left(pulumi.azure) == [MINE]


SERVICE = HSM_CRYPTO_SERVICE_ENCRYPTION_USER
GRANT = {"scope": HSM_KEY, "principalId": PRINCIPAL, "roleDefinitionId": SERVICE.id}
GRANT_ID = f"{HSM_KEY}|{PRINCIPAL}"


@pytest.fixture
def hsm(pulumi: Engine) -> Engine:
    """The provider on an Azure with a managed HSM."""
    pulumi.azure.put(Vault(id=HSM_ID, uses_rbac=True))
    return pulumi


async def test_a_grant_is_made_read_and_taken(hsm: Engine) -> None:
    """Exactly the role that the service needs, at the key; what others have stays. It is gone when that is
    answered twice, and where the HSM is."""
    azure = hsm.azure
    others = [assignment(HSM_KEY, OTHER, SERVICE), assignment(HSM_ID, role=SERVICE)]
    azure.roles = [*others]
    id, made = await hsm.create(HSM_ROLE, GRANT)
    given = azure.roles[-1]
    assert (given.scope, given.principal_id, given.role_id) == (HSM_KEY, PRINCIPAL, SERVICE.id)
    assert (id, made.values) == (GRANT_ID, {**GRANT, "assignmentId": given.id})
    assert (await hsm.read(HSM_ROLE, GRANT_ID, GRANT, made.values))[0] == GRANT_ID
    await hsm.delete(HSM_ROLE, GRANT_ID, made.values)
    assert azure.roles == others
    azure.calls.clear()
    assert (await hsm.read(HSM_ROLE, GRANT_ID, GRANT, made.values))[0] == ""
    assert azure.calls.count("own_role_assignments") == 2
    azure.calls.clear()
    del azure.vaults[HSM_ID.lower()]
    await hsm.delete(HSM_ROLE, GRANT_ID, GRANT)
    assert "own_role_assignments" not in azure.calls


async def test_a_grant_that_exists_is_taken_over(hsm: Engine) -> None:
    """Also where the first try was carried out and its answer lost."""
    azure = hsm.azure
    azure.roles = [assignment(HSM_KEY, role=SERVICE)]
    _, made = await hsm.create(HSM_ROLE, GRANT)
    assert "assign_hsm_role" not in azure.calls
    assert made.values["assignmentId"] == azure.roles[0].id
    azure.roles = []
    azure.lost["assign_hsm_role"] = [ServiceError(409, "RoleAssignmentExists", "it already exists")]
    _, made = await hsm.create(HSM_ROLE, GRANT)
    assert [one.id for one in azure.roles] == [made.values["assignmentId"]]


async def test_fails_naming_the_role_that_the_deployer_lacks(hsm: Engine) -> None:
    """Who may not give roles in the HSM is told which role it takes."""
    text = "Not authorized to access Microsoft.KeyVault/managedHsm/roleAssignments/read/action"
    hsm.azure.failures["own_role_assignments"] = [ServiceError(403, "AccessDenied", text)]
    await refused(hsm.create(HSM_ROLE, GRANT), "Managed HSM Policy Administrator")


VALIDATED = {"keyId": KEY_ID, "principalId": PRINCIPAL, "grantId": f"{VAULT_ID}/accessPolicy/{PRINCIPAL}"}
OF_ACCOUNT = {**VALIDATED, "accountId": ACCOUNT_ID}
IN_ROLES = a_vault(uses_rbac=True, policies=())


async def test_access_that_is_listed_ends_the_wait_at_once(pulumi: Engine) -> None:
    """An access policy with get, wrapKey and unwrapKey is enough; nothing is written. A refresh drops the
    validation when the access is gone, so that giving it back is waited for, too."""
    id, outputs = await pulumi.create(ACCESS, VALIDATED)
    assert (id, outputs.values["accessModel"], outputs.values["proven"]) == (ID, "accessPolicy", False)
    assert (pulumi.clock.slept, pulumi.azure.patches) == ([], [])
    assert (await pulumi.read(ACCESS, id, VALIDATED, outputs.values))[0] == id
    grant(pulumi.azure, PolicyEntry(PRINCIPAL, ("get", "unwrapkey"), TENANT))
    assert (await pulumi.read(ACCESS, id, VALIDATED, outputs.values))[0] == ""


@pytest.mark.parametrize(("comes", "ends"), [(45, (45, 80)), (10_000, (120, 200))])
async def test_a_role_assignment_is_waited_for(pulumi: Engine, comes: int, ends: tuple[int, int]) -> None:
    """Resource Manager may list an assignment late; the wait names identity, key and missing rights. One that
    nobody gave is not waited for until the deadline; the error holds the command."""
    azure, clock = pulumi.azure, pulumi.clock
    azure.put(IN_ROLES)
    azure.meanwhile["role_assignments"] = lambda: azure.roles.extend([AT_KEY] * (clock.now() >= comes))
    call = pulumi.create(ACCESS, VALIDATED)
    if comes == 45:
        assert (await call)[1].values["accessModel"] == "rbac"
    else:
        await refused(call, "az role assignment create")
    assert ends[0] <= clock.now() <= ends[1]
    assert any(PRINCIPAL in text and "wrapKey" in text for text in pulumi.progress)


async def test_a_bound_account_proves_that_its_access_is_in_effect(pulumi: Engine) -> None:
    """The binding of an account that lives on the key is written again, unchanged, until Azure takes it,
    through refusals in words that nobody knows as well."""
    azure, clock = pulumi.azure, pulumi.clock
    azure.put(an_account(encryption=bound_to()))
    azure.until(clock, 600, NOT_YET, "bind")
    azure.failures["bind"].append(ServiceError(400, "Odd", "nobody knows these words"))
    _, outputs = await pulumi.create(ACCESS, OF_ACCOUNT)
    assert 600 <= clock.now() <= 680
    assert outputs.values["proven"] is True
    assert {patch.key_version for patch in azure.patches} == {"1" * 32}
    waits = [text for text in pulumi.progress if "access to the key" in text]
    assert any("KeyVaultProperties is invalid" in text for text in waits)


async def test_a_binding_of_the_same_run_is_not_written_back(pulumi: Engine) -> None:
    """It proves the access itself, and a front end that is behind may show the version before it."""
    azure = pulumi.azure
    azure.versions = [a_version(V2), a_version()]
    azure.put(an_account(encryption=bound_to()))
    await pulumi.update(CMK, ACCOUNT_ID, BINDING, BINDING, {**BINDING, "keyUriWithVersion": key_uri(V2)})
    azure.put(an_account(encryption=bound_to()))
    _, outputs = await pulumi.create(ACCESS, OF_ACCOUNT)
    assert [patch.key_version for patch in azure.patches] == [V2]
    assert outputs.values["proven"] is True


def account(**changes: Any) -> Callable[[FakeAzure], None]:
    return lambda azure: azure.put(an_account(**changes))


def versions(**changes: Any) -> Callable[[FakeAzure], None]:
    return lambda azure: azure.versions.__setitem__(0, a_version(**changes))


PROVES_NOTHING: dict[str, Callable[[FakeAzure], object]] = {
    "an account that is absent": lambda azure: azure.accounts.clear(),
    "not bound": account(),
    "on another key": account(encryption=bound_to(key_name="another-key")),
    "without its version": account(encryption=bound_to("")),
    "with another identity": account(encryption=bound_to(), principal_id=OTHER),
    "an account that may not be read": fails("account", DENIED),
    "a key that may not be read": fails("key_version", DENIED),
    # With such a version no write could succeed, however long it is tried.
    "a version that is disabled": versions(enabled=False),
    "a version that has expired": versions(expires=1_700_000_000),
}


@pytest.mark.parametrize("case", PROVES_NOTHING)
async def test_an_account_that_proves_nothing_is_not_written(pulumi: Engine, case: str) -> None:
    """Only the binding of this identity to this key says something; every other account is left alone."""
    pulumi.azure.put(an_account(encryption=bound_to()))
    PROVES_NOTHING[case](pulumi.azure)
    _, outputs = await pulumi.create(ACCESS, OF_ACCOUNT)
    assert (pulumi.azure.patches, outputs.values["proven"]) == ([], False)


@pytest.mark.parametrize("call", ["vault", "role_assignments"])
async def test_what_may_not_be_read_is_a_warning_and_no_failure(pulumi: Engine, call: str) -> None:
    """A deployer who may not read the access goes on, and is warned that nothing was validated. A preview
    neither waits nor writes, nor does a deletion: access is not ours to take."""
    pulumi.azure.put(IN_ROLES)
    await pulumi.create(ACCESS, OF_ACCOUNT, preview=True)
    pulumi.azure.failures[call].append(DENIED)
    await pulumi.create(ACCESS, VALIDATED)
    assert any("not validated" in text and "AuthorizationFailed" in text for text in pulumi.said)
    await pulumi.delete(ACCESS, ID, VALIDATED)
    assert (pulumi.clock.slept, pulumi.azure.patches) == ([], [])
