"""The operation that a change begins: how it is followed, and what is believed of its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.arm_ids import ArmId
from core.facts import Account, Encryption
from provider.failure import Accepted, Progress, ServiceError
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    NOT_YET,
    PRINCIPAL,
    V2,
    VAULT_ID,
    FakeAzure,
    a_vault,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import CMK, UNBINDS, Engine, FailedError, FakeClock, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}


async def test_the_operation_is_polled_as_its_headers_say(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """Azure's Retry-After sets the pace of the polls; its end, not its beginning, is the end."""
    fake.progress_script = [Progress("Updating", retry_after=9), Progress("Updating"), Progress("Succeeded")]
    await pulumi.create(CMK, INPUTS)
    assert clock.slept == [9, 9]


async def test_an_operation_is_never_asked_without_a_pause(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """A Retry-After of 0 is no leave to ask as fast as the wire allows."""
    fake.progress_script = [Progress("Updating", retry_after=0)] * 3
    await pulumi.create(CMK, INPUTS)
    assert clock.slept == [0.5] * 3


async def test_an_operation_that_fails_for_access_is_begun_again(fake: FakeAzure, pulumi: Engine) -> None:
    """Access may be found missing only while the operation runs; then the PATCH is made again."""
    fake.progress_script = [Progress("Failed", failure=NOT_YET), Progress("Succeeded")]
    await pulumi.create(CMK, INPUTS)
    assert len(fake.patches) == 2


async def test_fails_when_the_operation_fails(fake: FakeAzure, pulumi: Engine, clock: FakeClock) -> None:
    """An operation that ends in known words, which asking again does not change, is an error at once."""
    fake.progress_script = [Progress("Failed", failure=ServiceError(200, "KeyDisabled", "no luck"))]
    with pytest.raises(FailedError, match="KeyDisabled: no luck"):
        await pulumi.create(CMK, INPUTS)
    assert clock.now() < 1


@pytest.mark.parametrize("where", ["answer", "operation"])
async def test_a_refusal_in_unknown_words_may_be_access_that_does_not_count_yet(where: str) -> None:
    """After a preflight that found nothing wrong, such a refusal is waited out for some minutes, and shown;
    when it lasts, it is the error, in Azure's own words."""
    odd = ServiceError(400 if where == "answer" else 200, "BadRequest", "no luck", "changing", "", "corr")
    for lasts in (3, 10_000):
        azure, clock = FakeAzure(), FakeClock()
        if where == "answer":
            azure.failures["bind"] = [odd] * lasts
        else:
            azure.progress_script = [Progress("Failed", failure=odd)] * lasts
        async with engine(azure, clock) as pulumi:
            if lasts == 3:
                await pulumi.create(CMK, INPUTS)
                continue
            with pytest.raises(FailedError, match=r"no luck \[correlation id corr\]"):
                await pulumi.create(CMK, INPUTS)
        progress = pulumi.progress
        assert 300 <= clock.now() <= 340
        assert any("access to the key may not be in effect yet" in text for text in progress)
        assert any("no luck" in text for text in progress)


async def test_an_unbinding_that_is_refused_in_unknown_words_is_an_error_at_once(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """Nobody's access is waited for to give an account back to Microsoft-managed keys."""
    fake.put(an_account(encryption=bound_to()))
    fake.failures["bind"].append(ServiceError(400, "BadRequest", "no luck"))
    with pytest.raises(FailedError, match="no luck"):
        await pulumi.delete(CMK, ACCOUNT_ID, UNBINDS)
    assert clock.now() < 1


@pytest.mark.parametrize("uses_rbac", [False, True], ids=["access policies", "Azure RBAC"])
async def test_an_account_whose_access_is_gone_is_told_so_before_it_is_unbound(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, uses_rbac: bool
) -> None:
    """The service needs the key to give the account back, and no wait would bring the access. What is printed
    gives it to the real identity, in the real vault."""
    fake.put(an_account(encryption=bound_to()))
    fake.put(a_vault(uses_rbac=uses_rbac, policies=()))
    with pytest.raises(FailedError) as failed:
        await pulumi.delete(CMK, ACCOUNT_ID, {**INPUTS, **UNBINDS})
    fix = (
        f"--assignee-object-id {PRINCIPAL} --assignee-principal-type ServicePrincipal --scope {KEY_ID}"
        if uses_rbac
        else f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL} --key-permissions get"
    )
    assert "cannot leave its key" in str(failed.value)
    assert fix in str(failed.value)
    assert fake.patches == []
    assert clock.now() < 5


async def test_an_account_is_unbound_from_a_machine_that_does_not_reach_its_key(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """A managed HSM answers about versions and roles itself, and may let in the service and not this machine;
    the change itself goes to Resource Manager."""
    fake.put(an_account(encryption=bound_to()))
    fake.failures["key_version"] += [ServiceError(0, "", "no route to host")] * 20
    await pulumi.delete(CMK, ACCOUNT_ID, {**INPUTS, **UNBINDS})
    assert not fake.accounts[ACCOUNT_ID.lower()].encryption.is_customer_managed


async def test_an_unbinding_that_waits_for_access_names_whose_it_is(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """A binding that names no vault cannot be looked at before; at the end the message has the names."""
    fake.put(an_account(encryption=bound_to()))
    denied = ServiceError(403, "Forbidden", "does not have keys get permission")
    fake.failures["bind"] += [denied] * 100
    with pytest.raises(FailedError, match=f"--name language-vault --object-id {PRINCIPAL}"):
        await pulumi.delete(CMK, ACCOUNT_ID, UNBINDS)


async def test_reads_that_lag_behind_a_change_are_waited_for() -> None:
    """A front end may show an account as it was for some time; then somebody else's change is suspected."""

    class Lagging(FakeAzure):
        def __init__(self, clock: FakeClock, lag: float) -> None:
            super().__init__()
            self._clock, self._lag = clock, lag

        async def account(self, account: ArmId) -> Account | None:
            found = await super().account(account)
            return an_account() if self._clock.now() < self._lag else found

    for lag, lasts in ((30, False), (10_000, True)):
        clock = FakeClock()
        async with engine(Lagging(clock, lag), clock) as pulumi:
            if not lasts:
                await pulumi.create(CMK, INPUTS)
                assert 30 <= clock.now() <= 60
                continue
            with pytest.raises(FailedError, match="somebody else is changing this account"):
                await pulumi.create(CMK, INPUTS)
            assert 60 <= clock.now() <= 90


async def test_a_change_that_was_taken_but_not_seen_to_end_keeps_a_state(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """When polling is lost, the engine learns that the resource exists, so that the next run goes on."""
    fake.failures["progress"] += [ServiceError(503, "ServiceUnavailable", "down")] * 9
    with pytest.raises(FailedError, match="its end was not seen") as failed:
        await pulumi.create(CMK, INPUTS)
    assert failed.value.partial.id == ACCOUNT_ID
    assert failed.value.partial.properties["keyUriWithVersion"] == key_uri()


@pytest.mark.parametrize(
    "failure", [ServiceError(404, "NotFound", ""), ServiceError(403, "AuthorizationFailed", "may not read")]
)
async def test_an_operation_that_cannot_be_read_is_told_by_the_account(
    fake: FakeAzure, pulumi: Engine, failure: ServiceError
) -> None:
    """An operation that Azure forgot, or that a narrow role may not read, ends as the account says."""
    fake.failures["progress"].append(failure)
    _, outputs = await pulumi.create(CMK, INPUTS)
    assert outputs.values["keyVersion"] == "1" * 32


async def test_fails_when_somebody_else_writes_in_between(fake: FakeAzure, pulumi: Engine) -> None:
    """What is read back is compared field by field with what was asked for."""
    fake.meanwhile["progress"] = lambda: fake.put(an_account(encryption=bound_to(V2)))
    with pytest.raises(FailedError, match=f"keyVersion: found {V2}, expected {'1' * 32}"):
        await pulumi.create(CMK, INPUTS)


@pytest.mark.parametrize("echoes", [True, False])
async def test_a_binding_without_a_version_that_somebody_else_writes_is_an_error(echoes: bool) -> None:
    """Where the answer to the PATCH showed the version, one that shows none is another binding, which would
    stay on a version that nobody chose. An Azure that never shows it cannot be compared."""

    class Echoes(FakeAzure):
        async def bind(self, account: ArmId, encryption: Encryption) -> Accepted:
            accepted = await super().bind(account, encryption)
            return accepted if echoes else replace(accepted, key_version="")

    azure = Echoes()
    azure.meanwhile["progress"] = lambda: azure.put(an_account(encryption=bound_to("")))
    async with engine(azure) as pulumi:
        if echoes:
            with pytest.raises(FailedError, match=f"keyVersion: found none, expected {'1' * 32}"):
                await pulumi.create(CMK, INPUTS)
        else:
            assert (await pulumi.create(CMK, INPUTS))[1].values["keyUriWithVersion"] == key_uri("1" * 32)


@pytest.mark.parametrize("behind", [an_account(), None])
async def test_a_front_end_that_is_behind_is_asked_again(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, behind: Account | None
) -> None:
    """One read without the change, or without the account, is not yet somebody else's doing."""
    fake.meanwhile["progress"] = lambda: fake.stale.append(behind)
    _, outputs = await pulumi.create(CMK, INPUTS)
    assert outputs.values["keyVersion"] == "1" * 32
    assert [round(pause) for pause in clock.slept] == [2]


async def test_an_account_whose_last_change_failed_is_bound(fake: FakeAzure, pulumi: Engine) -> None:
    """A binding that ended badly leaves the account Failed; running the same again is the way out."""
    fake.put(an_account(provisioning_state="Failed"))
    fake.meanwhile["bind"] = lambda: fake.put(an_account())
    _, outputs = await pulumi.create(CMK, INPUTS)
    assert outputs.values["keyVersion"] == "1" * 32
    assert pulumi.said == []


async def test_an_account_that_goes_while_it_is_unbound_is_done(fake: FakeAzure, pulumi: Engine) -> None:
    """A 404 at the PATCH is the end, too, when the account is really gone; else it is an error."""
    fake.put(an_account(encryption=bound_to()))
    fake.failures["bind"] = [ServiceError(404, "ResourceNotFound", "not found")] * 2
    with pytest.raises(FailedError, match="ResourceNotFound"):
        await pulumi.delete(CMK, ACCOUNT_ID, UNBINDS)
    fake.meanwhile["bind"] = fake.accounts.clear
    await pulumi.delete(CMK, ACCOUNT_ID, UNBINDS)
