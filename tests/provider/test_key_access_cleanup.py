"""The resource that leaves nothing of an account's access to a key once the account is gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.arm_ids import ArmId
from core.facts import Account, Encryption, PolicyEntry
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    TENANT,
    VAULT_ID,
    FakeAzure,
    a_vault,
    an_account,
    bound_to,
)
from tests.provider.rig import CLEANUP, Engine, FakeClock, engine
from tests.provider.test_key_access_revocation import (
    BUSY,
    NEEDED,
    OTHER,
    assignment,
    with_policies,
    with_roles,
)

INPUTS = {"keyId": KEY_ID, "accountId": ACCOUNT_ID}
ID = f"{KEY_ID}|{ACCOUNT_ID}"
MINE = PolicyEntry(PRINCIPAL, NEEDED, TENANT)
OTHERS = PolicyEntry(OTHER, NEEDED, TENANT)


async def refreshed(pulumi: Engine) -> dict[str, Any]:
    """The outputs as the refresh before a destroy finds them, of one that was made before its account."""
    _, outputs, _ = await pulumi.read(CLEANUP, ID, INPUTS, INPUTS)
    return dict(outputs.values)


async def test_it_is_made_before_its_account_and_learns_later_whose_access_it_is(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """The identity exists only once the account does."""
    account = fake.accounts.pop(ACCOUNT_ID.lower())
    id, outputs = await pulumi.create(CLEANUP, INPUTS)
    assert (id, outputs.values) == (ID, INPUTS)
    fake.accounts[ACCOUNT_ID.lower()] = account
    assert await refreshed(pulumi) == {**INPUTS, "principalId": PRINCIPAL}
    anew = replace(account, principal_id=OTHER)
    fake.accounts[ACCOUNT_ID.lower()] = anew
    assert (await refreshed(pulumi))["principalId"] == OTHER


async def test_the_access_policy_of_an_account_that_is_gone_goes_and_no_other() -> None:
    """Also where a read shows the account for a while after its deletion."""
    azure, clock = with_policies(MINE, OTHERS), FakeClock()
    async with engine(azure, clock) as pulumi:
        deleting = asyncio.ensure_future(pulumi.delete(CLEANUP, ID, await refreshed(pulumi)))
        await clock.paused.wait()
        assert azure.vaults[VAULT_ID.lower()].policies == (MINE, OTHERS)
        del azure.accounts[ACCOUNT_ID.lower()]
        await deleting
    assert azure.vaults[VAULT_ID.lower()].policies == (OTHERS,)


async def test_the_role_at_the_key_goes_and_no_other() -> None:
    """What the identity has from further up was not given with the key."""
    others = [assignment(VAULT_ID), assignment(KEY_ID, OTHER)]
    azure = with_roles(assignment(KEY_ID), *others)
    async with engine(azure) as pulumi:
        state = await refreshed(pulumi)
        del azure.accounts[ACCOUNT_ID.lower()]
        await pulumi.delete(CLEANUP, ID, state)
    assert azure.roles == others


async def test_another_write_of_the_vault_is_waited_for_and_the_removal_seen() -> None:
    """Azure refuses a write during another one; what a read still shows afterwards is removed again."""
    azure, clock = with_policies(MINE, OTHERS), FakeClock()
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
        state = await refreshed(pulumi)
        del azure.accounts[ACCOUNT_ID.lower()]
        await pulumi.delete(CLEANUP, ID, state)
    assert azure.vaults[VAULT_ID.lower()].policies == (OTHERS,)


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
        await pulumi.delete(CLEANUP, ID, await refreshed(pulumi))
    assert azure.vaults[VAULT_ID.lower()].policies == ((MINE,) if keeps else ())


@pytest.mark.parametrize("answer", [None, an_account()], ids=["absent", "not bound"])
async def test_one_answer_about_an_account_that_lives_takes_nothing_away(answer: Account | None) -> None:
    """It may come from a front end that is behind, and the data would be out of reach: the next counts."""
    azure = with_policies(MINE)
    azure.put(an_account(encryption=bound_to()))
    async with engine(azure) as pulumi:
        state = await refreshed(pulumi)
        azure.stale = [answer]
        await pulumi.delete(CLEANUP, ID, state)
    assert not azure.stale
    assert azure.vaults[VAULT_ID.lower()].policies == (MINE,)


@pytest.mark.parametrize("made", [True, False])
async def test_nothing_to_remove_is_no_failure(*, made: bool) -> None:
    """A vault that is gone, and an account that was never made."""
    azure = with_policies(MINE)
    async with engine(azure) as pulumi:
        state = {**INPUTS, "principalId": PRINCIPAL} if made else INPUTS
        if made:
            azure.vaults.clear()
        azure.accounts.clear()
        await pulumi.delete(CLEANUP, ID, state)
    assert "remove_policy" not in azure.calls


async def test_another_key_is_followed(pulumi: Engine) -> None:
    """The account stays where its key changes: nothing is to be removed then."""
    news = {**INPUTS, "keyId": f"{VAULT_ID}/keys/other"}
    assert (await pulumi.update(CLEANUP, ID, INPUTS, INPUTS, news)).values["keyId"] == news["keyId"]


async def test_a_vault_that_has_moved_on_to_roles_is_read_as_it_is(fake: FakeAzure, pulumi: Engine) -> None:
    """Its access policies count for nothing and are left."""
    fake.put(a_vault(uses_rbac=True, policies=(MINE,)))
    fake.accounts.clear()
    await pulumi.delete(CLEANUP, ID, {**INPUTS, "principalId": PRINCIPAL})
    assert fake.vaults[VAULT_ID.lower()].policies == (MINE,)
