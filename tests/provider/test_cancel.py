"""Ctrl-C: every wait ends at once, no question holds it up, and what was begun at Azure is not forgotten."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import grpc
import pytest

from core.login import login
from provider.azure import Azure
from provider.azure_client import AzureClient
from provider.failure import Progress
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    NOT_YET,
    V2,
    VAULT_ID,
    FakeAzure,
    an_account,
    key_uri,
)
from tests.provider.rig import CMK, VERSION, Engine, FailedError, FakeClock, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
LONG = 60.0
"""Seconds that nobody may have to wait for after Ctrl-C."""


class RealPause(FakeClock):
    """A clock whose pauses really last, longer than a test."""

    async def sleep(self, seconds: float) -> None:
        self.paused.set()
        await asyncio.sleep(LONG * 10)


async def stopped(pulumi: Engine, call: Any, begun: asyncio.Event) -> FailedError:
    """Stops the provider once `begun`, and gives what the call then says."""
    running = asyncio.ensure_future(call)
    await begun.wait()
    await pulumi.cancel()
    with pytest.raises(FailedError) as failed:
        await asyncio.wait_for(running, LONG)
    return failed.value


class Held(FakeAzure):
    """Carries one kind of call out only once `answer` is set; `begun` is set when it was made."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.begun, self.answer = asyncio.Event(), asyncio.Event()
        self.held = name

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name != super().__getattribute__("__dict__").get("held"):
            return found

        async def later(*given: Any) -> Any:
            self.begun.set()
            await self.answer.wait()
            return await found(*given)

        return later


async def test_a_wait_ends_at_once() -> None:
    """A wait for access ends, and the message says that the same command finishes what was begun."""
    clock = RealPause()
    azure = FakeAzure()
    azure.until(clock, 10_000, NOT_YET, "bind")
    async with engine(azure, clock) as pulumi:
        failed = await stopped(pulumi, pulumi.create(CMK, INPUTS), clock.paused)
    assert failed.code is grpc.StatusCode.CANCELLED
    assert "run the same command again" in str(failed)
    assert failed.partial is None


async def test_the_preflight_ends_at_once() -> None:
    """Neither a busy account nor a read without an answer holds Ctrl-C up, and nothing is written."""
    busy, clock = FakeAzure(), RealPause()
    busy.put(an_account(provisioning_state="Accepted"))
    silent = Held("account")
    for azure, begun in ((busy, clock.paused), (silent, silent.begun)):
        async with engine(azure, clock) as pulumi:
            failed = await stopped(pulumi, pulumi.create(CMK, INPUTS), begun)
        assert failed.code is grpc.StatusCode.CANCELLED
        assert azure.patches == []


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_a_preview_and_a_rotation_end_at_once(preview: bool) -> None:
    """A question before a rotation ends, too, and no version is made."""
    azure = Held("account")
    old = {"keyId": KEY_ID, "generation": 1, "accountId": ACCOUNT_ID}
    async with engine(azure) as pulumi:
        update = pulumi.update(VERSION, KEY_ID, {}, old, {**old, "generation": 2}, preview=preview)
        failed = await stopped(pulumi, update, azure.begun)
    assert failed.code is grpc.StatusCode.CANCELLED
    assert len(azure.versions) == 1


async def test_polling_ends_at_once_and_keeps_the_state() -> None:
    """The change that Azure took is reported to the engine, so that the next run goes on from there."""
    running, clock = FakeAzure(), RealPause()
    running.progress_script = [Progress("Updating")] * 9
    silent = Held("progress")
    for azure, begun in ((running, clock.paused), (silent, silent.begun)):
        async with engine(azure, clock) as pulumi:
            failed = await stopped(pulumi, pulumi.create(CMK, INPUTS), begun)
        assert "Azure took the change, but its end was not seen: stopped as asked" in str(failed)
        assert failed.partial.id == ACCOUNT_ID
        assert len(azure.patches) == 1


async def test_a_change_under_way_is_not_abandoned() -> None:
    """A PATCH whose answer is still to come is waited for: the answer says whether it was taken."""
    azure = Held("bind")
    azure.progress_script = [Progress("Updating")] * 9
    async with engine(azure) as pulumi:
        create = asyncio.ensure_future(pulumi.create(CMK, INPUTS))
        await azure.begun.wait()
        await pulumi.cancel()
        azure.answer.set()
        with pytest.raises(FailedError, match="its end was not seen") as failed:
            await asyncio.wait_for(create, LONG)
    assert failed.value.partial.id == ACCOUNT_ID


async def test_a_rotation_under_way_is_kept() -> None:
    """A version that is being made when Ctrl-C comes is the one in the state afterwards."""
    azure, old = Held("rotate"), {"keyId": KEY_ID, "generation": 1}
    async with engine(azure) as pulumi:
        update = asyncio.ensure_future(pulumi.update(VERSION, KEY_ID, {}, old, {**old, "generation": 2}))
        await azure.begun.wait()
        await pulumi.cancel()
        azure.answer.set()
        outputs = await asyncio.wait_for(update, LONG)
    assert outputs.values["version"] == V2


async def test_a_login_without_an_answer_holds_nothing_up() -> None:
    """A token that never comes is not waited for after Ctrl-C."""
    asked, answer = threading.Event(), threading.Event()

    class Stuck:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            asked.set()
            answer.wait(LONG)
            raise ValueError("no token")

    begun = asyncio.Event()

    async def watch() -> None:
        await asyncio.to_thread(asked.wait, LONG)
        begun.set()

    try:
        async with engine(Azure(AzureClient(login({}, {}), credential=Stuck()))) as pulumi:
            watching = asyncio.ensure_future(watch())
            failed = await stopped(pulumi, pulumi.create(CMK, INPUTS), begun)
            await watching
    finally:
        answer.set()
    assert failed.code is grpc.StatusCode.CANCELLED
