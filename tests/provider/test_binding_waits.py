"""Waiting for access, for other changes and for Azure itself: how long, how often, and when it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from core.facts import Encryption
from provider.failure import Accepted, ServiceError
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    V2,
    VAULT_ID,
    FakeAzure,
    SlowGrant,
    a_vault,
    a_version,
    an_account,
    key_uri,
)
from tests.provider.rig import CMK, Engine, FailedError, FakeClock, create, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}


@pytest.mark.parametrize("delay", [0, 5, 60, 300])
async def test_access_is_waited_for_by_trying(delay: int) -> None:
    """However long access takes to count, it is bound soon after, and asked for ever less often."""
    clock = FakeClock()
    azure = SlowGrant(clock, delay)
    await create(azure, CMK, INPUTS, clock)
    gaps = [after - before for before, after in zip(azure.tries, azure.tries[1:], strict=False)]
    print(f"delay {delay:>3} s: {len(azure.tries)} tries, bound after {clock.now():.1f} s")  # noqa: T201
    assert delay <= azure.tries[-1] <= delay + 36
    allowed = [0.8 * min(2 * 1.6**n, 30) for n in range(len(gaps))]
    assert all(gap >= least for gap, least in zip(gaps, allowed, strict=True))


async def test_fails_after_the_deadline_with_what_was_waited_for() -> None:
    """Access that never comes ends at the deadline, with Azure's last words and what to do: nobody is told
    to try the same again while it is refused."""
    clock = FakeClock()
    azure = SlowGrant(clock, 10_000)
    with pytest.raises(FailedError) as failed:
        await create(azure, CMK, INPUTS, clock, seconds=120)
    message = str(failed.value)
    assert failed.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "gave up after 2 min 00 s: waiting for the access to the key to be in effect everywhere" in message
    assert "Azure answered 400 BadRequest: KeyVaultProperties is invalid [correlation id corr]" in message
    assert message.endswith(
        "fix: once that is over, run the same command again; or give more time with customTimeouts"
    )
    assert azure.tries[-1] == 120


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
    """A refusal for good is not tried again."""
    fake.failures["bind"].append(refusal)
    with pytest.raises(FailedError, match=str(refusal)) as failed:
        await pulumi.create(CMK, INPUTS)
    assert failed.value.partial is None
    assert (fake.calls.count("bind"), clock.slept) == (1, [])


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


async def test_retry_after_is_honoured(fake: FakeAzure, pulumi: Engine, clock: FakeClock) -> None:
    """A throttled request is made again when the server says, not sooner."""
    fake.failures["bind"].append(ServiceError(429, "TooManyRequests", "slow down", retry_after=17))
    fake.failures["account"].append(ServiceError(429, "TooManyRequests", "slow down", retry_after=23))
    fake.failures["progress"].append(ServiceError(429, "TooManyRequests", "slow down", retry_after=31))
    await pulumi.create(CMK, INPUTS)
    assert clock.slept == [23, 17, 31]


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
    """A wrong region stops the preview; a missing grant may still come in the same update."""
    fake.put(a_vault(policies=(), purge_protection=None))
    await pulumi.create(CMK, INPUTS, preview=True)
    fake.put(a_vault(location="eastus"))
    with pytest.raises(FailedError, match="same-region"):
        await pulumi.create(CMK, INPUTS, preview=True)
    assert fake.patches == []
