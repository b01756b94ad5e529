"""A key is not rotated when its account could not follow: no version is made, and the preview says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.facts import RoleAssignment
from core.roles import CRYPTO_USER
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    V1,
    V2,
    FakeAzure,
    a_version,
    an_account,
    bound_to,
)
from tests.provider.rig import VERSION, FailedError, FakeClock, engine
from tests.provider.rotation_preflight_cases import CLIENT, REFUSED, USER, azure_with, bound

OLD = {"keyId": KEY_ID, "generation": 1, "accountId": ACCOUNT_ID}
NEXT = {**OLD, "generation": 2}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize("case", REFUSED)
async def test_fails_to_rotate_a_key_that_its_account_could_not_follow(case: str, preview: bool) -> None:
    """Whatever would make the binding fail afterwards is reported before, and no version is made."""
    azure, reason, fix = REFUSED[case]
    clock = FakeClock()
    async with engine(azure, clock) as pulumi:
        with pytest.raises(FailedError) as failed:
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=preview)
    message = str(failed.value)
    assert message.startswith(
        "the key language-key is not rotated, since the account language could not follow"
    )
    assert reason in message
    assert fix in message
    assert [version.version for version in azure.versions] == [V1]
    # Only a grant may not be shown yet, which an update waits for; a preview waits for nothing.
    assert bool(clock.slept) == (case in ("no role", "no grant") and not preview)


async def test_fails_with_everything_that_stands_in_the_way_at_once() -> None:
    """Account, vault and key are judged together."""
    azure = azure_with(bound(provisioning_state="Failed", principal_id=None), purge_protection=None)
    azure.versions = [a_version(size=4096)]
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=r"4 finding\(s\), nothing was written"):
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_fails_to_rotate_while_the_version_in_use_is_disabled(preview: bool) -> None:
    """The account could not be bound to the new version: its data has to be opened with the old one."""
    azure = azure_with()
    azure.versions = [a_version(enabled=False)]
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=r"bound-version-is-usable: the version .* is disabled"):
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=preview)
    assert len(azure.versions) == 1


async def test_fails_to_rotate_a_key_that_is_gone() -> None:
    """A deleted key is reported as that, with the way to recover it."""
    azure = azure_with()
    azure.versions = []
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=r"key-exists: there is no key language-key in language-vault"):
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)


async def test_fails_when_the_account_may_not_be_read() -> None:
    """What cannot be verified is refused: whether the account could follow is not guessed."""
    azure = azure_with()
    azure.failures["account"] += [ServiceError(403, "AuthorizationFailed", "may not read")] * 2
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="account-was-read") as failed:
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
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
    azure = azure_with(account)
    azure.versions = [a_version(**version)]
    async with engine(azure) as pulumi:
        rotation = await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=True)
        assert rotation.values["version"] == UNKNOWN
        assert "rotate" not in azure.calls
        outputs = await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
    assert outputs.values["version"] == V2
    assert "accountId" not in outputs.values


async def test_an_unbound_account_does_not_stand_in_the_way_of_its_only_way_out() -> None:
    """When no version can be used, an account on Microsoft's keys cannot be bound before there is another."""
    azure = azure_with(an_account())
    azure.versions = [a_version(expires=1_700_000_000)]
    async with engine(azure) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
    assert len(azure.versions) == 2


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_an_account_that_is_not_there_yet_follows_when_it_is_made(preview: bool) -> None:
    """Nothing lives on the key yet, so nothing could be lost by its rotation."""
    azure = azure_with()
    azure.accounts.clear()
    async with engine(azure) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=preview)
    assert len(azure.versions) == (1 if preview else 2)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_an_account_in_the_place_of_another_does_not_follow_but_is_bound_afterwards(
    preview: bool,
) -> None:
    """Its rotation comes in the same update as the account, which is on Microsoft's keys until then."""
    azure = azure_with(an_account())
    replaced = {**OLD, "accountId": f"{ACCOUNT_ID}-before"}
    async with engine(azure) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, replaced, NEXT, preview=preview)
    assert len(azure.versions) == (1 if preview else 2)


async def test_fails_to_rotate_for_an_account_in_the_place_of_another_that_lives_on_a_key() -> None:
    """It has data already, so that it must be able to follow."""
    azure = azure_with(an_account(encryption=bound_to(key_name="another")))
    replaced = {**OLD, "accountId": f"{ACCOUNT_ID}-before"}
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="account-is-on-the-key"):
            await pulumi.update(VERSION, KEY_ID, {}, replaced, NEXT)
    assert len(azure.versions) == 1


async def test_an_account_that_is_not_known_yet_is_not_asked() -> None:
    """A preview that does not know the account judges the key and its vault alone."""
    azure = azure_with(an_account())
    async with engine(azure) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, OLD, {**NEXT, "accountId": UNKNOWN}, preview=True)
    assert "account" not in azure.calls


async def test_an_account_without_a_rotation_is_not_asked() -> None:
    """Creates, reads and updates that rotate nothing cost no call for the account and need no right on it."""
    azure = azure_with(an_account(provisioning_state="Failed"))
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(VERSION, OLD)
        _, _, inputs = await pulumi.read(VERSION, id, OLD, outputs.values)
        await pulumi.update(VERSION, id, outputs.values, OLD, {**OLD, "pin": V1})
    assert inputs.values == OLD
    assert "account" not in azure.calls


async def test_a_busy_account_is_waited_for() -> None:
    """The account may be written in the same update; its key is rotated when that has ended."""
    azure = azure_with(bound(provisioning_state="Accepted"))

    class Settles(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            azure.accounts[ACCOUNT_ID.lower()] = bound()

    clock = Settles()
    async with engine(azure, clock) as pulumi:
        with pytest.raises(FailedError, match="in state Accepted"):
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=True)
        assert clock.slept == []
        await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
    assert len(clock.slept) == 1
    assert len(azure.versions) == 2


async def test_fails_when_the_account_stays_busy() -> None:
    """An account that never settles ends at the deadline, and no version is made."""
    azure = azure_with(bound(provisioning_state="Accepted"))
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="gave up after 1 min 00 s: waiting: the account is in state"):
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, seconds=60)
    assert len(azure.versions) == 1


async def test_the_role_that_counts_is_that_of_the_identity_in_use() -> None:
    """In a vault that goes by roles, the roles of the identity that uses the key now are asked for."""
    account = an_account(
        encryption=bound_to(identity_client_id=CLIENT), user_assigned=(replace(USER, principal_id="user"),)
    )
    azure = azure_with(account, uses_rbac=True, policies=())
    asked: list[str] = []

    class Roles(FakeAzure):
        async def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
            asked.append(principal_id)
            return [RoleAssignment(scope, principal_id, CRYPTO_USER.id, CRYPTO_USER)]

    azure.__class__ = Roles
    async with engine(azure) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
    assert asked == ["user"]
    assert len(azure.versions) == 2
