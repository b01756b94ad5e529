"""The resource that waits until access to a key is in effect, as far as anybody can know that."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from core.facts import PolicyEntry, RoleAssignment
from core.roles import CRYPTO_USER
from provider.failure import ServiceError
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
from tests.provider.rig import ACCESS, CMK, Engine, FailedError, FakeClock, engine

INPUTS = {"keyId": KEY_ID, "principalId": PRINCIPAL, "grantId": f"{VAULT_ID}/accessPolicy/{PRINCIPAL}"}
ID = f"{KEY_ID}|{PRINCIPAL}"
ROLE = RoleAssignment(KEY_ID, PRINCIPAL, CRYPTO_USER.id, CRYPTO_USER)


async def test_access_that_is_listed_ends_the_wait_at_once(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """An access policy with get, wrapKey and unwrapKey is enough; nothing is written."""
    id, outputs = await pulumi.create(ACCESS, INPUTS)
    assert id == ID
    assert outputs.values["accessModel"] == "accessPolicy"
    assert outputs.values["proven"] is False
    assert clock.slept == []
    assert fake.patches == []


async def test_a_role_assignment_is_waited_for_until_it_is_listed_and_the_wait_says_why() -> None:
    """Resource Manager may list an assignment late; the wait names identity, key and missing rights."""
    azure, clock = FakeAzure(a_vault(uses_rbac=True, policies=())), FakeClock()
    listed = partial(setattr, azure, "roles", [ROLE])
    azure.meanwhile["role_assignments"] = lambda: listed() if clock.now() >= 45 else None
    async with engine(azure, clock) as pulumi:
        _, outputs = await pulumi.create(ACCESS, INPUTS)
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
        await pulumi.create(ACCESS, INPUTS)
    assert 120 <= clock.now() < 200


@pytest.mark.parametrize("call", ["vault", "role_assignments"])
async def test_what_may_not_be_read_is_a_warning_and_no_failure(call: str) -> None:
    """A deployer who may not read the access goes on, and is warned that nothing was validated."""
    azure = FakeAzure(a_vault(uses_rbac=True, policies=()))
    azure.failures[call].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
    async with engine(azure) as pulumi:
        await pulumi.create(ACCESS, INPUTS)
    said = pulumi.said
    assert any("not validated" in text and "AuthorizationFailed" in text for text in said)


async def test_a_bound_account_proves_that_its_access_is_in_effect() -> None:
    """The binding of an account that lives on the key is written again, unchanged, until Azure takes it."""
    clock = FakeClock()
    azure = FakeAzure(an_account(encryption=bound_to()))
    azure.until(clock, 600, NOT_YET, "bind")
    async with engine(azure, clock) as pulumi:
        _, outputs = await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID})
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
    _, outputs = await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert outputs.values["proven"] is True


async def test_a_binding_of_the_same_run_is_not_written_back(fake: FakeAzure, pulumi: Engine) -> None:
    """It proves the access itself, and a front end that is behind may show the version before it."""
    fake.versions = [a_version(V2), a_version()]
    fake.put(an_account(encryption=bound_to()))
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
    await pulumi.update(CMK, ACCOUNT_ID, inputs, inputs, {**inputs, "keyUriWithVersion": key_uri(V2)})
    fake.put(an_account(encryption=bound_to()))
    _, outputs = await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert [patch.key_version for patch in fake.patches] == [V2]
    assert outputs.values["proven"] is True


@pytest.mark.parametrize("call", ["account", "key_version"])
async def test_what_may_not_be_read_proves_nothing(fake: FakeAzure, pulumi: Engine, call: str) -> None:
    """Without the right to read account or key the access is validated by what Resource Manager shows."""
    fake.put(an_account(encryption=bound_to()))
    fake.failures[call].append(ServiceError(403, "AuthorizationFailed", "not authorized"))
    _, outputs = await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID})
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
    _, outputs = await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert fake.patches == []
    assert outputs.values["proven"] is False


@pytest.mark.parametrize("unusable", [{"enabled": False}, {"expires": 1_700_000_000}])
async def test_an_account_whose_version_cannot_be_used_is_not_written(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, unusable: dict[str, Any]
) -> None:
    """With a version that is disabled or has expired no write could succeed, however long it is tried."""
    fake.put(an_account(encryption=bound_to()))
    fake.versions = [a_version(**unusable)]
    _, outputs = await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert fake.patches == []
    assert outputs.values["proven"] is False


async def test_access_that_is_gone_is_validated_again(fake: FakeAzure, pulumi: Engine) -> None:
    """A refresh drops the validation when the access is gone, so that giving it back is waited for, too."""
    id, outputs = await pulumi.create(ACCESS, INPUTS)
    assert (await pulumi.read(ACCESS, id, INPUTS, outputs.values))[0] == id
    narrower = (PolicyEntry(PRINCIPAL, ("get", "unwrapkey"), TENANT),)
    fake.vaults[VAULT_ID.lower()] = replace(a_vault(), policies=narrower)
    assert (await pulumi.read(ACCESS, id, INPUTS, outputs.values))[0] == ""


async def test_a_preview_and_a_deletion_touch_nothing(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """A preview neither waits nor writes, and access is not ours to take."""
    fake.put(a_vault(policies=()))
    await pulumi.create(ACCESS, {**INPUTS, "accountId": ACCOUNT_ID}, preview=True)
    await pulumi.delete(ACCESS, ID, INPUTS)
    assert clock.slept == []
    assert fake.patches == []
