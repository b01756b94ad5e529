"""Asking Azure again where that may help: which failures, how often and how long apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from provider.errors import said
from provider.failure import ServiceError, Trouble, trouble
from provider.waiting import Patience

T = TypeVar("T")

TRANSIENT_TRIES = 5
"""How often a request is made that gets no answer, or a 5xx; the official clients make four tries."""


async def ask(call: Callable[[], Awaitable[T]], patience: Patience) -> T:
    """Asks a question, which may be asked twice; waits out throttling and short outages.

    Raises ServiceError at any other failure, DeadlineError and StoppedError as `Patience` does.
    """
    retries = Retries(patience)
    while True:
        try:
            return await patience.unless_stopped(call)
        except ServiceError as failure:
            await retries.pause_or_raise(failure)


class Retries:
    """Counts the tries of one request; `pause_or_raise` waits before the next, or raises the failure."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._backoff = patience.backoff()
        self._transient = 0

    async def pause_or_raise(self, failure: ServiceError) -> None:
        kind = trouble(failure)
        self._transient += kind is Trouble.TRANSIENT
        if kind is Trouble.THROTTLED or (kind is Trouble.TRANSIENT and self._transient < TRANSIENT_TRIES):
            pause = self._backoff.next()
            # A server that says when is obeyed, but never asked sooner than our own back-off.
            await self._patience.pause(
                max(pause, failure.retry_after or 0.0), f"asking again: {said(failure)}"
            )
        else:
            raise failure
