"""Asking Azure again where that may help: which failures, how often and how long apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from core.refusals import RefusalKind
from provider.azure import Azure
from provider.errors import service_message
from provider.failure import ServiceError
from provider.waiting import Waiter

T = TypeVar("T")

TRANSIENT_TRIES = 5
"""How often a request is made that gets no answer, or a 5xx; azure-core by itself makes four."""


async def with_retries(call: Callable[[], Awaitable[T]], waiter: Waiter) -> T:
    """Makes a call that reads, or that may be repeated. Tries again after throttling, short outages and
    parallel writes of the same vault.

    Raises ServiceError at any other failure, DeadlineError and StoppedError as `Waiter` does.
    """
    retries = Retries(waiter)
    while True:
        try:
            return await waiter.unless_stopped(call)
        except ServiceError as failure:
            await retries.pause_or_raise(failure)


def patient(azure: Azure, waiter: Waiter) -> Azure:
    """The same Azure, each of whose calls is made `with_retries`, but for those that may not be repeated
    without a look in between: `bind` and `rotate`."""
    return cast("Azure", _Patient(azure, waiter))


class _Patient:
    def __init__(self, azure: Azure, waiter: Waiter) -> None:
        self._azure, self._waiter = azure, waiter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._azure, name)
        if name in ("bind", "rotate") or not callable(found):
            return found
        return lambda *given, **named: with_retries(lambda: found(*given, **named), self._waiter)


class Retries:
    """Counts the tries of one request; `pause_or_raise` waits before the next, or raises the failure."""

    def __init__(self, waiter: Waiter) -> None:
        self._waiter = waiter
        self._backoff = waiter.backoff()
        self._transient = 0

    async def pause_or_raise(self, failure: ServiceError) -> None:
        kind = failure.kind
        self._transient += kind is RefusalKind.TRANSIENT
        if (
            kind is RefusalKind.THROTTLED
            or failure.is_parallel_write
            or (kind is RefusalKind.TRANSIENT and self._transient < TRANSIENT_TRIES)
        ):
            pause = next(self._backoff)
            # A server that says when is obeyed, but never asked sooner than our own back-off.
            await self._waiter.pause(
                max(pause, failure.retry_after or 0.0), f"asking again: {service_message(failure)}"
            )
        else:
            raise failure
