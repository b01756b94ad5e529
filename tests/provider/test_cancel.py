"""Ctrl-C: every wait ends at once, no question holds it up, and what was begun at Azure is not forgotten."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import grpc
import pytest

from core.login import login
from provider.azure import Azure
from provider.azure_client import AzureClient
from provider.failure import Progress
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    BINDING,
    KEY_ID,
    NOT_YET,
    V2,
    FakeAzure,
    an_account,
    bound_to,
)
from tests.provider.rig import CMK, VERSION, Engine, FakeClock, engine, refused

OLD = {"keyId": KEY_ID, "generation": 1, "accountId": ACCOUNT_ID}
LONG = 60.0
"""Seconds that nobody may have to wait for after Ctrl-C."""


class RealPause(FakeClock):
    """A clock whose pauses really last, longer than a test."""

    async def sleep(self, seconds: float) -> None:
        self.paused.set()
        await asyncio.sleep(LONG * 10)


@pytest.fixture
async def pulumi() -> AsyncIterator[Engine]:
    """The provider on an Azure in memory, with pauses that do not end. It leaves no failure that nobody
    hears."""
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    yield await engine(FakeAzure(), RealPause())
    await asyncio.sleep(0.01)
    gc.collect()
    assert unheard == []


def held(pulumi: Engine, name: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Calls of this name are carried out only once the second event is set, and fail where they are cancelled
    before; the first says that one was made."""
    begun, answer = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        try:
            await answer.wait()
        except asyncio.CancelledError:
            raise ConnectionError from None

    pulumi.azure.meanwhile[name] = wait
    return begun, answer


async def stopped(pulumi: Engine, call: Awaitable[Any], begun: asyncio.Event, answer: Any = None) -> Any:
    """Stops the provider once `begun`, and gives how the call then ends. Azure's `answer`, if any, comes a
    moment later."""
    running = asyncio.ensure_future(call)
    await begun.wait()
    await pulumi.cancel()
    if answer:
        await asyncio.sleep(0.01)
        answer.set()
    return await asyncio.wait_for(running, LONG)


def binds(pulumi: Engine) -> Awaitable[Any]:
    return pulumi.create(CMK, BINDING)


def rotates(pulumi: Engine, *, preview: bool = False) -> Awaitable[Any]:
    return pulumi.update(VERSION, KEY_ID, {}, OLD, {**OLD, "generation": 2}, preview=preview)


ARRANGED = {
    "for access": lambda azure: azure.until(FakeClock(), 10_000, NOT_YET, "bind"),
    "for a busy account": lambda azure: azure.put(an_account(provisioning_state="Accepted")),
}
BEGINS = [(binds, wait) for wait in (*ARRANGED, "")]


@pytest.mark.parametrize(("act", "waits"), [*BEGINS, (rotates, ""), (partial(rotates, preview=True), "")])
async def test_what_was_not_begun_ends_at_once(
    pulumi: Engine, act: Callable[[Engine], Awaitable[Any]], waits: str
) -> None:
    """Neither access, a busy account nor a read without an answer holds Ctrl-C up; nothing is written, and
    the message says that the same command finishes what was begun."""
    begun = pulumi.clock.paused
    if waits:
        ARRANGED[waits](pulumi.azure)
    else:
        begun, _ = held(pulumi, "account")
    failed = await refused(stopped(pulumi, act(pulumi), begun), "run the same command again")
    assert (failed.code, failed.partial) == (grpc.StatusCode.CANCELLED, None)
    assert (pulumi.azure.patches, len(pulumi.azure.versions)) == ([], 1)


@pytest.mark.parametrize("silent", ["progress", "bind", ""])
async def test_a_change_under_way_keeps_the_state(pulumi: Engine, silent: str) -> None:
    """The change that Azure took is reported to the engine, so that the next run goes on from there. The
    answer to a PATCH is waited for: it says whether it was taken."""
    pulumi.azure.progress_script = [Progress("Updating")] * 9
    begun, answer = held(pulumi, silent) if silent else (pulumi.clock.paused, None)
    call = stopped(pulumi, binds(pulumi), begun, answer if silent == "bind" else None)
    failed = await refused(call, "Azure took the change, but its end was not seen: stopped as asked")
    assert failed.partial.id == ACCOUNT_ID
    assert len(pulumi.azure.patches) == 1


async def test_a_rotation_under_way_is_kept(pulumi: Engine) -> None:
    """A version that is being made when Ctrl-C comes is the one in the state afterwards."""
    pulumi.azure.put(an_account(encryption=bound_to()))
    outputs = await stopped(pulumi, rotates(pulumi), *held(pulumi, "rotate"))
    assert outputs.values["version"] == V2


async def test_a_login_without_an_answer_holds_nothing_up() -> None:
    """A token that never comes is not waited for after Ctrl-C."""
    loop, begun, answer = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    class Stuck:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            loop.call_soon_threadsafe(begun.set)
            answer.wait(LONG)
            raise ValueError("no token")

    try:
        pulumi = await engine(Azure(AzureClient(login({}, {}), credential=Stuck())))
        failed = await refused(stopped(pulumi, binds(pulumi), begun))
    finally:
        answer.set()
    assert failed.code is grpc.StatusCode.CANCELLED
