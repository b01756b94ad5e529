"""Waiting without guessing: back-off with jitter, one deadline for a whole call, and a way to stop.

The clock is injected, so that a test waits an hour in a millisecond. Nothing here knows Azure.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol, TypeVar

from core.refusals import SECOND_LOOK_SECONDS

T = TypeVar("T")

DEFAULT_TIMEOUT = 30 * 60.0
"""Seconds a create, update or delete may take where `customTimeouts` says nothing."""
PREVIEW_TIMEOUT = 60.0
"""Seconds a preview, a read or most functions may wait for Azure before they give up."""


class Clock(Protocol):
    """Where time comes from, in seconds; `sleep` is asyncio's, or a test's."""

    def now(self) -> float: ...

    def time(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock: `now` never goes back, `time` is seconds since 1970."""

    def now(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class DeadlineError(Exception):
    """The time for a call is over. The message says what the call waited for, and how long in seconds."""

    def __init__(self, reason: str, waited: float) -> None:
        super().__init__(f"gave up after {duration(waited)}: {reason}")
        self.waited = waited


class StoppedError(Exception):
    """The engine asked to stop (Ctrl-C). A change that was begun in Azure goes on by itself."""


Log = Callable[[str], Awaitable[None]]


class Waiter:
    """Waits for one call of the engine: its deadline, its progress messages, and whether it was stopped."""

    def __init__(
        self,
        clock: Clock,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        stop: asyncio.Event | None = None,
        progress: Log | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._clock = clock
        self._began = clock.now()
        self._deadline = self._began + timeout
        self._stop = stop or asyncio.Event()
        self._progress = progress
        self._rng = rng or random.Random()
        self._reported = False

    @property
    def elapsed(self) -> float:
        return self._clock.now() - self._began

    def backoff(self, first: float = 1.0, ceiling: float = 20.0) -> Iterator[float]:
        """Growing pauses: `first` seconds, half as long again and more each time, up to `ceiling`.

        Jitter, a fifth of each, keeps thirty bindings that began together from asking together for ever.
        """
        while True:
            yield first * (1 + self._rng.uniform(-0.2, 0.2))
            first = min(first * 1.6, ceiling)

    def check(self) -> None:
        """Raises StoppedError when the engine has asked to stop."""
        if self._stop.is_set():
            raise StoppedError("stopped as asked; run the same command again to finish what was begun")

    async def unless_stopped(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call`. Raises StoppedError as soon as the engine asks to stop. Nobody hears the
        answer then, so use it for questions, not for changes."""
        self.check()
        answer, stop = asyncio.ensure_future(call()), asyncio.ensure_future(self._stop.wait())
        # What nobody hears is no warning, either: of a question that fails while it is cancelled.
        answer.add_done_callback(lambda it: it.cancelled() or it.exception())
        try:
            await asyncio.wait({answer, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                self.check()
            return await answer
        finally:
            answer.cancel()
            stop.cancel()

    async def twice(self, look: Callable[[], Awaitable[T]], believed: Callable[[T], bool], reason: str) -> T:
        """The result of `look`. If it is not believed at once, looks again after a pause, because one answer
        may come from a front end that is behind (assumed)."""
        found = await look()
        if not believed(found):
            await self.pause(SECOND_LOOK_SECONDS, reason)
            found = await look()
        return found

    async def until(
        self,
        look: Callable[[], Awaitable[T]],
        is_over: Callable[[T], bool],
        reason: Callable[[T], str],
        *,
        first: float = 1.0,
        seconds: float = math.inf,
    ) -> T:
        """The result of `look` once `is_over` accepts it, or after `seconds`. Raises what `pause` raises."""
        backoff, began = self.backoff(first=first), self.elapsed
        while not is_over(found := await look()) and self.elapsed - began < seconds:
            await self.pause(next(backoff), reason(found), ends=began + seconds)
        return found

    async def pause(self, seconds: float, reason: str, *, ends: float = math.inf) -> None:
        """Says why it waits and for how long at most, and waits. The last pause ends at the deadline, so that
        the caller can try once more then. `ends` is when the caller itself gives up, in seconds since the
        call began.

        Raises DeadlineError when no time is left at all, StoppedError when the engine asks to stop.
        """
        self.check()
        left = self._deadline - self._clock.now()
        if left <= 0:
            raise DeadlineError(reason, self.elapsed)
        if self._progress:
            most = duration(min(left, ends - self.elapsed))
            self._reported = True
            await self._progress(f"{reason} ({duration(self.elapsed)} so far, at most {most} more)")
        await self.unless_stopped(lambda: self._clock.sleep(min(seconds, left)))
        self.check()

    async def ended(self) -> None:
        """Takes the last progress message away, which the engine would show beside the result."""
        if self._progress and self._reported:
            await self._progress("")


def duration(seconds: float) -> str:
    """Seconds as a person says them: `9 s`, `2 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
