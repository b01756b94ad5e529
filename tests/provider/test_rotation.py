"""Rotating a key: one version for each generation, also where an answer is lost, and none that is refused or
that its account could not follow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.facts import Account, KeyVersion, RoleAssignment, UserAssignedIdentity, Vault
from core.roles import CRYPTO_USER
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    V1,
    V2,
    V3,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
)
from tests.provider.rig import VERSION, Engine, FailedError, FakeClock, engine

INPUTS = {"keyId": KEY_ID, "generation": 1}
NEXT = {"keyId": KEY_ID, "generation": 2}
LOST = ServiceError(0, "ServiceResponseError", "Connection aborted.")


async def rotate(pulumi: Engine, azure: FakeAzure) -> str:
    """Runs the update to the next generation until it ends well, as a person would; gives the version."""
    for _ in range(5):
        try:
            return str((await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)).values["version"])
        except FailedError:
            continue
    raise AssertionError(f"never ended well: {azure.calls}")


@pytest.mark.parametrize("name", ["vault", "key_version", "live_key_versions", "rotate"])
@pytest.mark.parametrize("failures", [1, 5, 7])
@pytest.mark.parametrize("effect", ["failures", "lost"])
async def test_a_rotation_is_made_once(
    *, fake: FakeAzure, pulumi: Engine, name: str, failures: int, effect: str
) -> None:
    """Without an answer at any call, before or after it had its effect, and run again: one new version."""
    getattr(fake, effect)[name] += [LOST] * failures
    assert await rotate(pulumi, fake) == V2
    assert [version.version for version in fake.versions] == [V1, V2]


async def test_the_last_try_is_not_repeated_without_a_look(fake: FakeAzure, pulumi: Engine) -> None:
    """No answer four times, and at the fifth only the answer is lost: the version is there, and none is made
    beside it."""
    fake.failures["rotate"] += [LOST] * 4
    fake.lost["rotate"] += [LOST]
    assert await rotate(pulumi, fake) == V2
    assert [version.version for version in fake.versions] == [V1, V2]


async def test_a_rotation_whose_state_was_lost_is_made_again(fake: FakeAzure, pulumi: Engine) -> None:
    """A run that died after the rotation, before its state was kept, makes one version more when it runs
    again, and gives that one."""
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    again = await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert [again.values["version"], len(fake.versions)] == [V3, 3]


@pytest.mark.parametrize("imported", [False, True], ids=["created", "imported"])
async def test_a_generation_that_is_raised_again_in_another_life_makes_a_version(
    fake: FakeAzure, pulumi: Engine, imported: bool
) -> None:
    """Rotated, destroyed, and made anew on the same key: each raise makes a version, as in the first life."""
    for life in (1, 2, 3):
        id, made = await pulumi.create(VERSION, INPUTS)
        if imported:
            _, made, _ = await pulumi.read(VERSION, id)
        rotated = await pulumi.update(VERSION, id, made.values, INPUTS, NEXT)
        assert len(fake.versions) == life + 1
        assert rotated.values["version"] == fake.versions[-1].version
        await pulumi.delete(VERSION, id, rotated.values)


async def test_older_versions_stay_as_they_are(fake: FakeAzure, pulumi: Engine) -> None:
    """A rotation neither disables nor deletes a version."""
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    await pulumi.delete(VERSION, KEY_ID)
    assert fake.versions == [a_version(), a_version(V2)]


async def test_the_first_generation_of_a_key_that_had_none_rotates_it(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """Absent is 0: a stack without `generation` that sets it to 1 gets a new version."""
    outputs = await pulumi.update(VERSION, KEY_ID, {}, {"keyId": KEY_ID}, INPUTS)
    assert outputs.values["version"] == V2


async def test_a_stack_that_begins_with_a_generation_rotates_nothing(fake: FakeAzure, pulumi: Engine) -> None:
    """A key is as old as its stack, and a state that has the generation already is at it."""
    id, outputs = await pulumi.create(VERSION, INPUTS)
    assert (await pulumi.diff(VERSION, outputs.values, INPUTS, INPUTS)).kinds == {}
    await pulumi.update(VERSION, id, outputs.values, INPUTS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert "rotate" not in fake.calls


DENIED = ServiceError(403, "Forbidden", "x does not have keys list permission", "", "ForbiddenByPolicy")


async def test_an_operators_grant_that_is_not_in_effect_yet_is_waited_for() -> None:
    """A rotation waits for the deployer's own access as a binding waits for the account's."""
    azure, clock = FakeAzure(), FakeClock()
    azure.until(clock, 1200, DENIED, "live_key_versions", "rotate")
    async with engine(azure, clock) as pulumi:
        outputs = await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert outputs.values["version"] == V2
    assert 1200 <= clock.now() <= 1240
    assert any("waiting for the deploying principal's access" in text for text in pulumi.progress)


async def test_fails_without_an_operators_grant() -> None:
    """A right that nobody granted is waited as long as a new one may take; the error has the command."""
    azure, clock = FakeAzure(), FakeClock()
    azure.until(clock, 10_000, DENIED, "live_key_versions", "rotate")
    async with engine(azure, clock) as pulumi:
        with pytest.raises(FailedError, match="--key-permissions get list rotate"):
            await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert 1500 <= clock.now() < 1540
    (told,) = [text for text in pulumi.said if "if nobody made one, stop this" in text]
    assert "--key-permissions get list rotate" in told


CLOSED = ServiceError(
    403, "Forbidden", "Public network access is disabled.", "listing", "ForbiddenByConnection"
)


@pytest.mark.parametrize("failures", [[CLOSED], [LOST] * 5, [DENIED]])
async def test_a_preview_tells_that_the_vault_does_not_answer(
    fake: FakeAzure, pulumi: Engine, failures: list[ServiceError]
) -> None:
    """The update may run on another machine, or make the grant: it is told, with the ways out."""
    fake.failures["live_key_versions"] = list(failures)
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT, preview=True)
    (told,) = [text for text in pulumi.said if "the rotation is refused: " in text]
    assert failures[0].text in told


async def test_a_vault_out_of_reach_is_not_rotated(fake: FakeAzure, pulumi: Engine) -> None:
    """The update is refused before anything is made."""
    fake.failures["live_key_versions"] = [CLOSED]
    with pytest.raises(FailedError, match="or leave generation as it was and let the vault's"):
        await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert "rotate" not in fake.calls


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ({"generation": 3}, {"generation": 2}, "a rotation cannot be undone"),
        ({"generation": 3}, {}, "from 3 to none, but a rotation cannot be undone"),
        ({}, {"generation": 1, "pin": V1}, "the account could not follow"),
        ({"generation": 1}, {"generation": 2, "pin": V1}, "the account could not follow"),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
async def test_fails_a_generation_that_makes_no_sense(
    *, fake: FakeAzure, pulumi: Engine, old: dict[str, Any], new: dict[str, Any], reason: str, preview: bool
) -> None:
    """A generation goes up, and not under a pin; the preview says so already."""
    with pytest.raises(FailedError, match=reason):
        await pulumi.update(
            VERSION, KEY_ID, {}, {"keyId": KEY_ID, **old}, {"keyId": KEY_ID, **new}, preview=preview
        )
    assert len(fake.versions) == 1


CLIENT = "44444444-4444-4444-4444-444444444444"
USER = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)
USED = {"keyId": KEY_ID, "generation": 1, "accountId": ACCOUNT_ID}
FOLLOWED = {**USED, "generation": 2}
in_both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])


def bound(**changes: Any) -> Account:
    return an_account(encryption=bound_to(), **changes)


def to(**changes: Any) -> Account:
    """An account that is bound otherwise."""
    return an_account(encryption=bound_to(**changes))


async def try_to_rotate(azure: FakeAzure, clock: FakeClock | None = None, **how: Any) -> None:
    async with engine(azure, clock) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, USED, FOLLOWED, **how)


# What is wrong, a part of the reason, a part of the way out
REFUSED: tuple[tuple[Account | Vault | KeyVersion | None, str, str], ...] = (
    (
        an_account(),
        "account-is-on-the-key: the account is on Microsoft-managed keys",
        "bind it first, by `pulumi up --refresh` with generation as it was, 1; then",
    ),
    (
        to(key_name="another"),
        f"the account is on {VAULT_URI}/keys/another/{V1}, not on a version of the key language-key",
        "bind it first",
    ),
    (
        to(key_vault_uri="https://other.vault.azure.net/"),
        "the account is on https://other.vault.azure.net/keys/language-key",
        "bind it first",
    ),
    (
        bound(principal_id=None),
        "account-has-identity: the account has no system-assigned identity",
        "SystemAssigned",
    ),
    (
        a_vault(policies=()),
        "identity-has-access: no access policy of language-vault gives get, wrapKey, unwrapKey",
        f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL}",
    ),
    (
        bound(provisioning_state="Failed"),
        "account-is-settled: the account's last change did not succeed",
        "update the account again until it does",
    ),
    (
        a_version(enabled=False),
        f"bound-version-is-usable: the version {V1}",
        "--enabled true",
    ),
    (None, "key-version-exists: there is no key language-key in language-vault", "az keyvault key recover"),
    (a_vault(purge_protection=None), "vault-has-purge-protection", "--enable-purge-protection true"),
)


@in_both
@pytest.mark.parametrize(("wrong", "reason", "fix"), REFUSED)
async def test_fails_to_rotate_a_key_that_its_account_could_not_follow(
    wrong: Account | Vault | KeyVersion | None, reason: str, fix: str, preview: bool
) -> None:
    """Whatever would make the binding fail afterwards is reported before, and no version is made."""
    azure, clock = FakeAzure(bound()), FakeClock()
    if isinstance(wrong, Account | Vault):
        azure.put(wrong)
    else:
        azure.versions = [wrong] if wrong else []
    with pytest.raises(FailedError) as failed:
        await try_to_rotate(azure, clock, preview=preview)
    message = str(failed.value)
    assert message.startswith(
        "the key language-key is not rotated, since the account language could not follow"
    )
    assert reason in message
    assert fix in message
    assert "rotate" not in azure.calls
    # Only a grant may not be shown yet, which an update waits for; a preview waits for nothing.
    assert bool(clock.slept) == ("identity-has-access" in reason and not preview)


async def test_fails_with_everything_that_stands_in_the_way_at_once() -> None:
    """Account, vault and key are judged together."""
    azure = FakeAzure(bound(provisioning_state="Updating", principal_id=None), a_vault(purge_protection=None))
    azure.versions = [a_version(size=4096)]
    with pytest.raises(FailedError, match=r"4 finding\(s\), nothing was written"):
        await try_to_rotate(azure)


async def test_fails_when_the_account_may_not_be_read() -> None:
    """What cannot be verified is refused: whether the account could follow is not guessed."""
    azure = FakeAzure(bound())
    azure.failures["account"] += [ServiceError(403, "AuthorizationFailed", "may not read")] * 2
    with pytest.raises(FailedError, match="account-was-read") as failed:
        await try_to_rotate(azure)
    assert "not checked: the account could not be read: Azure answered 403" in str(failed.value)
    assert len(azure.versions) == 1


@pytest.mark.parametrize("version", [{"expires": 1_700_000_000}, {"not_before": 1_800_000_000}, {}])
@pytest.mark.parametrize("identity", [None, CLIENT], ids=["system-assigned", "user-assigned"])
async def test_a_bound_account_follows(version: dict[str, Any], identity: str | None) -> None:
    """A bound account, by whichever identity, lets its key be rotated, all the more when it expired."""
    account = an_account(
        encryption=bound_to(identity_client_id=identity),
        user_assigned=(USER,) if identity else (),
        principal_id=None if identity else PRINCIPAL,
    )
    azure = FakeAzure(account)
    azure.versions = [a_version(**version)]
    async with engine(azure) as pulumi:
        rotation = await pulumi.update(VERSION, KEY_ID, {}, USED, FOLLOWED, preview=True)
        assert rotation.values["version"] == UNKNOWN
        assert "rotate" not in azure.calls
        outputs = await pulumi.update(VERSION, KEY_ID, {}, USED, FOLLOWED)
    assert outputs.values["version"] == V2
    assert "accountId" not in outputs.values


async def test_an_unbound_account_does_not_stand_in_the_way_of_its_only_way_out() -> None:
    """When no version can be used, an account on Microsoft's keys cannot be bound before there is another."""
    azure = FakeAzure()
    azure.versions = [a_version(expires=1_700_000_000)]
    await try_to_rotate(azure)
    assert len(azure.versions) == 2


@in_both
async def test_an_account_that_is_not_there_yet_follows_when_it_is_made(preview: bool) -> None:
    """Nothing lives on the key yet, so nothing could be lost by its rotation."""
    azure = FakeAzure(bound())
    azure.accounts.clear()
    await try_to_rotate(azure, preview=preview)
    assert len(azure.versions) == (1 if preview else 2)


@in_both
async def test_an_account_in_the_place_of_another_does_not_follow_but_is_bound_afterwards(
    fake: FakeAzure, pulumi: Engine, preview: bool
) -> None:
    """Its rotation comes in the same update as the account, which is on Microsoft's keys until then."""
    replaced = {**USED, "accountId": f"{ACCOUNT_ID}-before"}
    await pulumi.update(VERSION, KEY_ID, {}, replaced, FOLLOWED, preview=preview)
    assert len(fake.versions) == (1 if preview else 2)


async def test_fails_to_rotate_for_an_account_in_the_place_of_another_that_lives_on_a_key() -> None:
    """It has data already, so that it must be able to follow."""
    azure = FakeAzure(an_account(encryption=bound_to(key_name="another")))
    replaced = {**USED, "accountId": f"{ACCOUNT_ID}-before"}
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="account-is-on-the-key"):
            await pulumi.update(VERSION, KEY_ID, {}, replaced, FOLLOWED)
    assert len(azure.versions) == 1


async def test_an_account_that_is_not_known_yet_is_not_asked(fake: FakeAzure, pulumi: Engine) -> None:
    """A preview that does not know the account judges the key and its vault alone."""
    await pulumi.update(VERSION, KEY_ID, {}, USED, {**FOLLOWED, "accountId": UNKNOWN}, preview=True)
    assert "account" not in fake.calls


async def test_an_account_without_a_rotation_is_not_asked(fake: FakeAzure, pulumi: Engine) -> None:
    """Creates, reads and updates that rotate nothing cost no call for the account and need no right on it."""
    fake.put(an_account(provisioning_state="Failed"))
    id, outputs = await pulumi.create(VERSION, USED)
    _, _, inputs = await pulumi.read(VERSION, id, USED, outputs.values)
    await pulumi.update(VERSION, id, outputs.values, USED, {**USED, "pin": V1})
    assert inputs.values == USED
    assert "account" not in fake.calls


async def test_a_busy_account_is_waited_for() -> None:
    """The account may be written in the same update; its key is rotated when that has ended."""
    azure = FakeAzure(bound(provisioning_state="Accepted"))

    class Settles(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            azure.put(bound())

    clock = Settles()
    async with engine(azure, clock) as pulumi:
        with pytest.raises(FailedError, match="in state Accepted"):
            await pulumi.update(VERSION, KEY_ID, {}, USED, FOLLOWED, preview=True)
        assert clock.slept == []
        await pulumi.update(VERSION, KEY_ID, {}, USED, FOLLOWED)
    assert pulumi.progress == ["waiting: the account is in state Accepted; expected Succeeded (0 s so far)"]
    assert {request.urn for request in pulumi.heard} == {pulumi.urn(VERSION)}
    assert len(azure.versions) == 2


async def test_fails_when_the_account_stays_busy() -> None:
    """An account that never settles ends at the deadline, and no version is made."""
    azure = FakeAzure(bound(provisioning_state="Accepted"))
    with pytest.raises(FailedError, match="gave up after 1 min 00 s: waiting: the account is in state"):
        await try_to_rotate(azure, seconds=60)
    assert len(azure.versions) == 1


async def test_the_role_that_counts_is_that_of_the_identity_in_use() -> None:
    """In a vault that goes by roles, the roles of the identity that uses the key now are asked for."""
    account = an_account(
        encryption=bound_to(identity_client_id=CLIENT), user_assigned=(replace(USER, principal_id="user"),)
    )
    azure = FakeAzure(account, a_vault(uses_rbac=True, policies=()))
    asked: list[str] = []

    class Roles(FakeAzure):
        async def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
            asked.append(principal_id)
            return [RoleAssignment(scope, principal_id, CRYPTO_USER.id, CRYPTO_USER)]

    azure.__class__ = Roles
    await try_to_rotate(azure)
    assert asked == ["user"]
    assert len(azure.versions) == 2
