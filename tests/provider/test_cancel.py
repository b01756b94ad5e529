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
from tests.provider.fake_azure import ACCOUNT_ID, BINDING, KEY_ID, NOT_YET, V2, FakeAzure, an_account
from tests.provider.rig import CMK, VERSION, Engine, FailedError, FakeClock, engine, refused

OLD = {"keyId": KEY_ID, "generation": 1, "accountId": ACCOUNT_ID}
LONG = 60.0
"""Seconds that nobody may have to wait for after Ctrl-C."""


class RealPause(FakeClock):
    """A clock whose pauses really last, longer than a test."""

    async def sleep(self, seconds: float) -> None:
        self.paused.set()
        await asyncio.sleep(LONG * 10)


@pytest.fixture
async def pulumi() -> Engine:
    """The provider on an Azure in memory, with pauses that do not end."""
    return await engine(FakeAzure(), RealPause())


def held(pulumi: Engine, name: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Calls of this name are carried out only once the second event is set; the first says that one was
    made."""
    begun, answer = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await answer.wait()

    pulumi.azure.meanwhile[name] = wait
    return begun, answer


async def stopped(pulumi: Engine, call: Any, begun: asyncio.Event, answer: Any = None) -> Any:
    """Stops the provider once `begun`, and gives how the call then ends, after Azure's `answer` if any."""
    running = asyncio.ensure_future(call)
    await begun.wait()
    await pulumi.cancel()
    if answer:
        answer.set()
        return await asyncio.wait_for(running, LONG)
    return await refused(asyncio.wait_for(running, LONG))


WAITS = {
    "for access": lambda azure: azure.until(FakeClock(), 10_000, NOT_YET, "bind"),
    "for a busy account": lambda azure: azure.put(an_account(provisioning_state="Accepted")),
}


@pytest.mark.parametrize("wait", [*WAITS, "account"])
async def test_a_wait_and_the_preflight_end_at_once(pulumi: Engine, wait: str) -> None:
    """Neither access, a busy account nor a read without an answer holds Ctrl-C up; nothing is written, and
    the message says that the same command finishes what was begun."""
    if wait in WAITS:
        begun = pulumi.clock.paused
        WAITS[wait](pulumi.azure)
    else:
        begun, _ = held(pulumi, wait)
    failed = await stopped(pulumi, pulumi.create(CMK, BINDING), begun)
    assert failed.code is grpc.StatusCode.CANCELLED
    assert "run the same command again" in str(failed)
    assert (failed.partial, pulumi.azure.patches) == (None, [])


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_a_preview_and_a_rotation_end_at_once(pulumi: Engine, preview: bool) -> None:
    """A question before a rotation ends, too, and no version is made."""
    begun, _ = held(pulumi, "account")
    update = pulumi.update(VERSION, KEY_ID, {}, OLD, {**OLD, "generation": 2}, preview=preview)
    failed = await stopped(pulumi, update, begun)
    assert failed.code is grpc.StatusCode.CANCELLED
    assert len(pulumi.azure.versions) == 1


@pytest.mark.parametrize("silent", [True, False])
async def test_polling_ends_at_once_and_keeps_the_state(pulumi: Engine, silent: bool) -> None:
    """The change that Azure took is reported to the engine, so that the next run goes on from there."""
    pulumi.azure.progress_script = [Progress("Updating")] * 9
    begun = held(pulumi, "progress")[0] if silent else pulumi.clock.paused
    failed = await stopped(pulumi, pulumi.create(CMK, BINDING), begun)
    assert "Azure took the change, but its end was not seen: stopped as asked" in str(failed)
    assert failed.partial.id == ACCOUNT_ID
    assert len(pulumi.azure.patches) == 1


async def test_a_change_under_way_is_not_abandoned(pulumi: Engine) -> None:
    """A PATCH whose answer is still to come is waited for: the answer says whether it was taken."""
    pulumi.azure.progress_script = [Progress("Updating")] * 9
    with pytest.raises(FailedError, match="its end was not seen") as failed:
        await stopped(pulumi, pulumi.create(CMK, BINDING), *held(pulumi, "bind"))
    assert failed.value.partial.id == ACCOUNT_ID


async def test_a_rotation_under_way_is_kept(pulumi: Engine) -> None:
    """A version that is being made when Ctrl-C comes is the one in the state afterwards."""
    old = {"keyId": KEY_ID, "generation": 1}
    update = pulumi.update(VERSION, KEY_ID, {}, old, {**old, "generation": 2})
    outputs = await stopped(pulumi, update, *held(pulumi, "rotate"))
    assert outputs.values["version"] == V2


async def test_a_login_without_an_answer_holds_nothing_up() -> None:
    """A token that never comes is not waited for after Ctrl-C."""
    asked, answer, begun = threading.Event(), threading.Event(), asyncio.Event()

    class Stuck:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            asked.set()
            answer.wait(LONG)
            raise ValueError("no token")

    async def watch() -> None:
        await asyncio.to_thread(asked.wait, LONG)
        begun.set()

    try:
        pulumi = await engine(Azure(AzureClient(login({}, {}), credential=Stuck())))
        watching = asyncio.ensure_future(watch())
        failed = await stopped(pulumi, pulumi.create(CMK, BINDING), begun)
        await watching
    finally:
        answer.set()
    assert failed.code is grpc.StatusCode.CANCELLED
