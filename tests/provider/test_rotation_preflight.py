"""A key is not rotated when its account could not follow: no version is made, and the preview says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.facts import Account, Network, RoleAssignment, UserAssignedIdentity, Vault
from core.roles import CRYPTO_USER
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    V1,
    V2,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
)
from tests.provider.rig import VERSION, Engine, FailedError, FakeClock, engine

CLIENT = "44444444-4444-4444-4444-444444444444"
USER = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)
OLD = {"keyId": KEY_ID, "generation": 1, "accountId": ACCOUNT_ID}
NEXT = {**OLD, "generation": 2}
in_both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])


def bound(**changes: Any) -> Account:
    return an_account(encryption=bound_to(), **changes)


def to(**changes: Any) -> Account:
    """An account that is bound otherwise."""
    return an_account(encryption=bound_to(**changes))


async def rotate(azure: FakeAzure, clock: FakeClock | None = None, **how: Any) -> None:
    async with engine(azure, clock) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, **how)


CLOSED = Network(default_action="Deny", bypass="None")
# What is wrong, a part of the reason, a part of the way out
REFUSED: tuple[tuple[Account | Vault, str, str], ...] = (
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
        to(identity_client_id=CLIENT),
        f"no user-assigned identity of the account has the client id {CLIENT}",
        "assign the identity",
    ),
    (
        a_vault(policies=()),
        "identity-has-access: no access policy of language-vault gives get, wrapKey, unwrapKey",
        f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL}",
    ),
    (
        a_vault(uses_rbac=True, policies=()),
        "identity-has-access: no role assignment at or above the key gives",
        f"--scope {KEY_ID}",
    ),
    (
        bound(restricts_outbound=True),
        "outbound-reaches-vault",
        "add language-vault.vault.azure.net to allowedFqdnList",
    ),
    (
        bound(provisioning_state="Failed"),
        "account-is-settled: the account's last change did not succeed",
        "update the account again until it does",
    ),
    (bound(capabilities=()), "account-tier", "tier"),
    (bound(location="eastus"), "same-region", "a vault or managed HSM in the account's region"),
    (bound(tenant_id=CLIENT), "same-tenant", "a vault of the account's tenant"),
    (a_vault(network=CLOSED), "vault-admits-trusted-services", "--bypass AzureServices"),
    (a_vault(purge_protection=None), "vault-has-purge-protection", "--enable-purge-protection true"),
)


@in_both
@pytest.mark.parametrize(("wrong", "reason", "fix"), REFUSED)
async def test_fails_to_rotate_a_key_that_its_account_could_not_follow(
    wrong: Account | Vault, reason: str, fix: str, preview: bool
) -> None:
    """Whatever would make the binding fail afterwards is reported before, and no version is made."""
    azure, clock = FakeAzure(bound(), wrong), FakeClock()
    with pytest.raises(FailedError) as failed:
        await rotate(azure, clock, preview=preview)
    message = str(failed.value)
    assert message.startswith(
        "the key language-key is not rotated, since the account language could not follow"
    )
    assert reason in message
    assert fix in message
    assert [version.version for version in azure.versions] == [V1]
    # Only a grant may not be shown yet, which an update waits for; a preview waits for nothing.
    assert bool(clock.slept) == ("identity-has-access" in reason and not preview)


async def test_fails_with_everything_that_stands_in_the_way_at_once() -> None:
    """Account, vault and key are judged together."""
    azure = FakeAzure(bound(provisioning_state="Updating", principal_id=None), a_vault(purge_protection=None))
    azure.versions = [a_version(size=4096)]
    with pytest.raises(FailedError, match=r"4 finding\(s\), nothing was written"):
        await rotate(azure)


@in_both
async def test_fails_to_rotate_while_the_version_in_use_is_disabled(preview: bool) -> None:
    """The account could not be bound to the new version: its data has to be opened with the old one."""
    azure = FakeAzure(bound())
    azure.versions = [a_version(enabled=False)]
    with pytest.raises(FailedError, match=r"bound-version-is-usable: the version .* is disabled"):
        await rotate(azure, preview=preview)
    assert len(azure.versions) == 1


async def test_fails_to_rotate_a_key_that_is_gone() -> None:
    """A deleted key is reported as that, with the way to recover it."""
    azure = FakeAzure(bound())
    azure.versions = []
    with pytest.raises(
        FailedError, match=r"key-version-exists: there is no key language-key in language-vault"
    ):
        await rotate(azure)


async def test_fails_when_the_account_may_not_be_read() -> None:
    """What cannot be verified is refused: whether the account could follow is not guessed."""
    azure = FakeAzure(bound())
    azure.failures["account"] += [ServiceError(403, "AuthorizationFailed", "may not read")] * 2
    with pytest.raises(FailedError, match="account-was-read") as failed:
        await rotate(azure)
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
        rotation = await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=True)
        assert rotation.values["version"] == UNKNOWN
        assert "rotate" not in azure.calls
        outputs = await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
    assert outputs.values["version"] == V2
    assert "accountId" not in outputs.values


async def test_an_unbound_account_does_not_stand_in_the_way_of_its_only_way_out() -> None:
    """When no version can be used, an account on Microsoft's keys cannot be bound before there is another."""
    azure = FakeAzure()
    azure.versions = [a_version(expires=1_700_000_000)]
    await rotate(azure)
    assert len(azure.versions) == 2


@in_both
async def test_an_account_that_is_not_there_yet_follows_when_it_is_made(preview: bool) -> None:
    """Nothing lives on the key yet, so nothing could be lost by its rotation."""
    azure = FakeAzure(bound())
    azure.accounts.clear()
    await rotate(azure, preview=preview)
    assert len(azure.versions) == (1 if preview else 2)


@in_both
async def test_an_account_in_the_place_of_another_does_not_follow_but_is_bound_afterwards(
    fake: FakeAzure, pulumi: Engine, preview: bool
) -> None:
    """Its rotation comes in the same update as the account, which is on Microsoft's keys until then."""
    replaced = {**OLD, "accountId": f"{ACCOUNT_ID}-before"}
    await pulumi.update(VERSION, KEY_ID, {}, replaced, NEXT, preview=preview)
    assert len(fake.versions) == (1 if preview else 2)


async def test_fails_to_rotate_for_an_account_in_the_place_of_another_that_lives_on_a_key() -> None:
    """It has data already, so that it must be able to follow."""
    azure = FakeAzure(an_account(encryption=bound_to(key_name="another")))
    replaced = {**OLD, "accountId": f"{ACCOUNT_ID}-before"}
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="account-is-on-the-key"):
            await pulumi.update(VERSION, KEY_ID, {}, replaced, NEXT)
    assert len(azure.versions) == 1


async def test_an_account_that_is_not_known_yet_is_not_asked(fake: FakeAzure, pulumi: Engine) -> None:
    """A preview that does not know the account judges the key and its vault alone."""
    await pulumi.update(VERSION, KEY_ID, {}, OLD, {**NEXT, "accountId": UNKNOWN}, preview=True)
    assert "account" not in fake.calls


async def test_an_account_without_a_rotation_is_not_asked(fake: FakeAzure, pulumi: Engine) -> None:
    """Creates, reads and updates that rotate nothing cost no call for the account and need no right on it."""
    fake.put(an_account(provisioning_state="Failed"))
    id, outputs = await pulumi.create(VERSION, OLD)
    _, _, inputs = await pulumi.read(VERSION, id, OLD, outputs.values)
    await pulumi.update(VERSION, id, outputs.values, OLD, {**OLD, "pin": V1})
    assert inputs.values == OLD
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
            await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT, preview=True)
        assert clock.slept == []
        await pulumi.update(VERSION, KEY_ID, {}, OLD, NEXT)
    assert pulumi.progress == ["waiting: the account is in state Accepted; expected Succeeded (0 s so far)"]
    assert {request.urn for request in pulumi.heard} == {pulumi.urn(VERSION)}
    assert len(azure.versions) == 2


async def test_fails_when_the_account_stays_busy() -> None:
    """An account that never settles ends at the deadline, and no version is made."""
    azure = FakeAzure(bound(provisioning_state="Accepted"))
    with pytest.raises(FailedError, match="gave up after 1 min 00 s: waiting: the account is in state"):
        await rotate(azure, seconds=60)
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
    await rotate(azure)
    assert asked == ["user"]
    assert len(azure.versions) == 2
