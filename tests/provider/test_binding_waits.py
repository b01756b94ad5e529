"""Waiting for access, for other changes, for the operation that a change begins and for Azure itself: how
long, how often, what is said meanwhile, and what is believed of the end."""

from __future__ import annotations

import asyncio
import gc
import random
import re
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import engine_pb2

from core import effects
from core.arm_ids import ArmId
from core.facts import Account, Encryption
from core.values import Mark
from provider.failure import Accepted, Progress, ServiceError
from provider.waiting import DeadlineError, StoppedError, Waiter, duration
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    NOT_YET,
    PRINCIPAL,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import CMK, UNBINDS, Engine, FailedError, FakeClock, create, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}


@pytest.mark.parametrize("delay", [0, 5, 60, 300])
async def test_access_is_waited_for_by_trying(delay: int) -> None:
    """However long access takes to count, it is bound soon after, and asked for ever less often."""
    clock = FakeClock()
    azure = FakeAzure()
    tries = azure.until(clock, delay, NOT_YET, "bind")
    await create(azure, CMK, INPUTS, clock)
    gaps = [after - before for before, after in pairwise(tries)]
    print(f"delay {delay:>3} s: {len(tries)} tries, bound after {clock.now():.1f} s")  # noqa: T201
    assert delay <= tries[-1] <= delay + 36
    allowed = [0.8 * min(2 * 1.6**n, 30) for n in range(len(gaps))]
    assert all(gap >= least for gap, least in zip(gaps, allowed, strict=True))


async def test_fails_after_the_deadline_with_what_was_waited_for() -> None:
    """Access that never comes ends at the deadline, with Azure's last words and what to do: nobody is told
    to try the same again while it is refused."""
    clock = FakeClock()
    azure = FakeAzure()
    tries = azure.until(clock, 10_000, NOT_YET, "bind")
    with pytest.raises(FailedError) as failed:
        await create(azure, CMK, INPUTS, clock, seconds=120)
    message = str(failed.value)
    assert failed.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "gave up after 2 min 00 s: waiting for the access to the key to be in effect everywhere" in message
    assert "Azure answered 400 BadRequest: KeyVaultProperties is invalid [correlation id corr]" in message
    assert message.endswith(
        "fix: once that is over, run the same command again; or give more time with customTimeouts"
    )
    assert tries[-1] == 120


@pytest.mark.parametrize(
    "refusal",
    [
        ServiceError(403, "RequestDisallowedByPolicy", "denied by policy"),
        ServiceError(400, "KeyNotFound", "A key with this name was not found"),
        ServiceError(400, "KeyDisabled", "The key is disabled"),
    ],
    ids=str,
)
async def test_fails_at_once_what_waiting_does_not_help(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock, refusal: ServiceError
) -> None:
    """A refusal for good is not tried again, whether it is Azure's answer or the end of the operation."""
    fake.failures["bind"].append(refusal)
    with pytest.raises(FailedError, match=str(refusal)) as failed:
        await pulumi.create(CMK, INPUTS)
    assert failed.value.partial is None
    fake.progress_script = [Progress("Failed", failure=replace(refusal, status=200))]
    with pytest.raises(FailedError, match=f"{refusal.code}: {refusal.text}"):
        await pulumi.create(CMK, INPUTS)
    assert (fake.calls.count("bind"), clock.slept) == (2, [])


async def test_a_preview_that_azure_throttles_says_what_it_did_not_check() -> None:
    """Resource Manager asks for more patience than a preview has: that fails no preview."""
    clock, azure = FakeClock(), FakeAzure()
    slow = ServiceError(429, "TooManyRequests", "slow down", retry_after=50)
    azure.failures["account"] += [slow] * 9
    async with engine(azure, clock) as pulumi:
        _, outputs = await pulumi.create(CMK, INPUTS, preview=True)
    assert outputs.values["keyVersion"] == "1" * 32
    assert [m.partition(": asking")[0] for m in pulumi.said] == ["not checked: gave up after 1 min 00 s"]
    assert clock.now() == 60


async def test_an_outage_ends_after_five_tries(fake: FakeAzure, pulumi: Engine) -> None:
    """A service that is down is not asked for a quarter of an hour."""
    fake.failures["account"] += [ServiceError(503, "ServiceUnavailable", "down", "reading")] * 9
    with pytest.raises(FailedError, match="reading: Azure answered 503 ServiceUnavailable: down"):
        await pulumi.create(CMK, INPUTS)
    assert fake.calls.count("account") == 5


async def test_another_change_of_the_account_is_waited_for(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """An account that is Accepted, and a 409 at the PATCH, are waited out."""
    busy = ServiceError(409, "Conflict", "Another operation is in progress")
    fake.failures["bind"] += [
        busy,
        ServiceError(400, "AccountProvisioningStateInvalid", "in state Accepted"),
    ]
    fake.put(an_account(provisioning_state="Accepted"))

    async def settle() -> None:
        await clock.paused.wait()
        fake.put(an_account())

    await asyncio.gather(pulumi.create(CMK, INPUTS), settle())
    assert fake.calls.count("bind") == 3


async def test_one_change_at_a_time_per_account() -> None:
    """Two bindings of one account do not overlap, since the service serialises them anyway."""
    inside: list[int] = []

    class Watched(FakeAzure):
        running = 0

        async def bind(self, account: Any, encryption: Encryption) -> Accepted:
            Watched.running += 1
            inside.append(Watched.running)
            await asyncio.sleep(0.01)
            Watched.running -= 1
            return await super().bind(account, encryption)

    azure = Watched()
    azure.versions.append(a_version(V2))
    async with engine(azure) as pulumi:
        news = {**INPUTS, "keyUriWithVersion": key_uri(V2)}
        await asyncio.gather(pulumi.create(CMK, INPUTS), pulumi.update(CMK, ACCOUNT_ID, {}, INPUTS, news))
    assert inside == [1, 1]


async def test_fails_with_every_reason_before_anything_is_written() -> None:
    """All that speaks against a binding is one message, and no PATCH is made. What may pass is not waited for
    beside what does not."""
    fake, clock = FakeAzure(a_vault(purge_protection=None, location="eastus", policies=())), FakeClock()
    with pytest.raises(FailedError) as failed:
        await create(fake, CMK, INPUTS, clock)
    assert clock.slept == []
    message = str(failed.value)
    assert "3 finding(s), nothing was written" in message
    for rule in ("same-region", "vault-has-purge-protection", "identity-has-access"):
        assert f"- {rule}: " in message
    assert fake.patches == []


async def test_fails_when_the_account_itself_may_not_be_read(fake: FakeAzure, pulumi: Engine) -> None:
    """A binding that could not be read back is not written; Azure's words name the right that is missing."""
    fake.failures["account"].append(ServiceError(403, "AuthorizationFailed", "may not perform action 'read'"))
    with pytest.raises(
        FailedError, match=r"may not read it or see whether it is bound.*nothing was written\n.*action 'read'"
    ):
        await pulumi.create(CMK, INPUTS)
    assert fake.patches == []


async def test_preview_fails_only_on_what_no_update_could_change(fake: FakeAzure, pulumi: Engine) -> None:
    """A wrong region stops the preview; a missing grant, which may still come in the same update, is a
    warning with the rule and the way out."""
    fake.put(a_vault(policies=(), purge_protection=None))
    await pulumi.create(CMK, INPUTS, preview=True)
    assert {request.severity for request in pulumi.heard} == {engine_pb2.WARNING}
    for rule in ("identity-has-access", "vault-has-purge-protection"):
        begins = f"would be refused unless this update changes it: {rule}: "
        assert any(text.startswith(begins) for text in pulumi.said)
    fake.put(a_vault(location="eastus"))
    with pytest.raises(FailedError, match="same-region"):
        await pulumi.create(CMK, INPUTS, preview=True)
    assert fake.patches == []


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
    for lag, lasts in ((30, False), (10_000, True)):
        azure, clock = FakeAzure(), FakeClock()
        behind = partial(azure.stale.append, an_account())
        azure.meanwhile["account"] = lambda: behind() if clock.now() < lag else None  # noqa: B023
        async with engine(azure, clock) as pulumi:
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


INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
LATER = Mark.UNKNOWN.value


async def test_what_is_waited_for_is_told_with_the_time_so_far() -> None:
    """While access does not count yet, each wait names it, Azure's answer and the time, by resource."""
    clock = FakeClock()
    # No pause is longer than 36 s, so the last one begins in the second minute, whatever the jitter.
    azure = FakeAzure()
    azure.until(clock, 100, NOT_YET, "bind")
    async with engine(azure, clock) as pulumi:
        await pulumi.create(CMK, INPUTS)
        urn = pulumi.urn(CMK)
    assert pulumi.heard
    for request in pulumi.heard:
        assert (request.urn, request.ephemeral, request.severity) == (urn, True, engine_pb2.INFO)
    waits = pulumi.progress
    assert waits[0] == (
        "waiting for the access to the key to be in effect everywhere: changing: Azure answered 400 "
        "BadRequest: KeyVaultProperties is invalid [correlation id corr] (0 s so far)"
    )
    assert re.search(r"\(1 min \d\d s so far\)$", waits[-1])


async def test_every_kind_of_wait_is_told_and_none_is_shorter_than_azure_says(
    fake: FakeAzure, pulumi: Engine, clock: FakeClock
) -> None:
    """A busy account, an operation, a throttled and a failing service each say what is waited for. A
    throttled request is made again when the server says, not sooner."""
    slow = ServiceError(429, "TooManyRequests", "slow down", "reading the key")
    fake.failures["vault"].append(ServiceError(503, "ServiceUnavailable", "down", "reading the vault"))
    for call, seconds in (("key_version", 17), ("account", 23), ("bind", 29), ("progress", 31)):
        fake.failures[call].append(replace(slow, retry_after=seconds))
    fake.failures["bind"].append(ServiceError(409, "Conflict", "another operation", "changing"))
    fake.progress_script = [Progress("Updating", retry_after=9), Progress("Updating"), Progress("Succeeded")]
    await pulumi.create(CMK, INPUTS)
    assert sorted(one for one in clock.slept if one > 5) == [9, 9, 17, 23, 29, 31]
    waits = "\n".join(pulumi.progress)
    for words in (
        "asking again: reading the vault: Azure answered 503 ServiceUnavailable: down (0 s so far)",
        "asking again: reading the key: Azure answered 429 TooManyRequests: slow down (",
        "waiting for another change of the account to end: changing: Azure answered 409 Conflict",
        "waiting for the operation on language, Updating (",
    ):
        assert words in waits


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_what_was_not_checked_stays_in_the_log(fake: FakeAzure, pulumi: Engine, preview: bool) -> None:
    """In a preview and in an update, what may not be read is said, and not overwritten afterwards. Azure
    itself judges the binding then."""
    fake.failures["vault"].append(ServiceError(403, "AuthorizationFailed", "may not read", "reading"))
    await pulumi.create(CMK, INPUTS, preview=preview)
    assert len(fake.patches) == (not preview)
    (message,) = pulumi.said
    assert message == (
        "not checked: the vault could not be read: reading: Azure answered 403 AuthorizationFailed: "
        "may not read"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"keyUriWithVersion": key_uri(V2)}, [effects.REBOUND.format(V2, V1)]),
        (
            {"keyUriWithVersion": f"{VAULT_URI}/keys/language-key"},
            [effects.REBOUND.format(effects.NEWEST, V1)],
        ),
        (
            {"keyUriWithVersion": key_uri(name="other")},
            [
                effects.KEY_CHANGED.format(
                    effects.key("language-vault", "other", V1),
                    effects.key("language-vault", "language-key", V1),
                )
            ],
        ),
        ({"keyUriWithVersion": UNKNOWN}, [effects.BOUND.format(effects.key("language-vault", LATER, LATER))]),
    ],
    ids=["unchanged", "another version", "the newest version", "another key", "not known yet"],
)
async def test_a_binding_by_itself_tells_what_it_does_to_the_data(
    fake: FakeAzure, pulumi: Engine, change: dict[str, str], said: list[str]
) -> None:
    """A preview says so for the account, in the words of its review, and the update does not repeat it."""
    pulumi.parent = ""
    fake.put(an_account(kind="AIServices"))
    await pulumi.create(CMK, INPUTS, preview=True)
    bound = effects.BOUND.format(effects.key("language-vault", "language-key", V1))
    assert pulumi.said == [f"encryption of language: {bound}"]
    id, olds = await pulumi.create(CMK, INPUTS)
    fake.versions.append(a_version(V2))
    news = {**INPUTS, "accountDigest": "b", **change}
    await pulumi.update(CMK, id, olds.values, INPUTS, news, preview=True)
    assert pulumi.said[1:] == [f"encryption of language: {one}" for one in said]


async def test_a_binding_of_a_component_leaves_that_to_the_component(pulumi: Engine) -> None:
    """A service tells what its update does to the data, so its binding does not tell it once more."""
    await pulumi.create(CMK, INPUTS, preview=True)
    assert pulumi.said == []


async def test_an_engine_that_is_gone_fails_nothing() -> None:
    """Messages to an engine that does not listen are dropped; the binding goes on."""
    clock = FakeClock()
    azure = FakeAzure()
    azure.until(clock, 5, NOT_YET, "bind")
    async with engine(azure, clock, listens=False) as pulumi:
        _, outputs = await pulumi.create(CMK, INPUTS)
    assert outputs.values["keyUriWithVersion"] == key_uri()


def test_backoff_grows_to_its_ceiling() -> None:
    """Pauses grow by their factor up to the ceiling, and jitter stays within its share."""
    backoff = Waiter(FakeClock(), rng=random.Random(1)).backoff(first=1, ceiling=4)
    pauses = [next(backoff) for _ in range(200)]
    bases = [1, 1.6, 2.56] + [4] * 197
    assert all(base * 0.8 <= pause <= base * 1.2 for pause, base in zip(pauses, bases, strict=True))
    assert len(set(pauses)) == len(pauses)


async def test_the_last_pause_ends_at_the_deadline() -> None:
    """A pause is cut at the deadline, where one more try is made; the next one raises."""
    clock = FakeClock()
    waiter = Waiter(clock, timeout=10)
    await waiter.pause(60, "waiting")
    assert clock.slept == [10]
    with pytest.raises(DeadlineError, match="gave up after 10 s: waiting"):
        await waiter.pause(1, "waiting")


@pytest.mark.asyncio
@pytest.mark.parametrize("is_stopped", [True, False], ids=["stopped", "cancelled with its loop"])
async def test_a_question_that_fails_once_nobody_listens_is_no_warning(is_stopped: bool) -> None:
    """Whoever asked has gone when the answer comes."""
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    stop = asyncio.Event()

    async def question() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise ConnectionError

    asked = asyncio.ensure_future(Waiter(FakeClock(), stop=stop).unless_stopped(question))
    await asyncio.sleep(0.01)
    if is_stopped:
        stop.set()
    else:
        asked.cancel()
    with pytest.raises(StoppedError if is_stopped else asyncio.CancelledError):
        await asked
    await asyncio.sleep(0.01)
    del asked
    gc.collect()
    assert unheard == []


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (905, "15 min 05 s")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    """Seconds up to a minute, then minutes and seconds."""
    assert duration(seconds) == said
