"""Back-off, deadline and stop, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
import gc
import random

import pytest

from provider.waiting import DeadlineError, StoppedError, Waiter, duration
from tests.provider.rig import FakeClock


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


async def test_what_is_waited_for_is_told_with_the_time_so_far() -> None:
    """Progress names what is waited for and how long already."""
    messages: list[str] = []

    async def progress(message: str) -> None:
        messages.append(message)

    waiter = Waiter(FakeClock(), progress=progress)
    await waiter.pause(65, "waiting for the grant")
    await waiter.pause(5, "waiting for the grant")
    assert messages == ["waiting for the grant (0 s so far)", "waiting for the grant (1 min 05 s so far)"]


async def test_a_stopped_patience_makes_no_pause() -> None:
    """After Ctrl-C nothing is waited for any more."""
    stop = asyncio.Event()
    stop.set()
    clock = FakeClock()
    with pytest.raises(StoppedError):
        await Waiter(clock, stop=stop).pause(1, "waiting")
    assert clock.slept == []


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
