"""A clock for a local Azure in the test's own process."""

from __future__ import annotations

from localazure.cloud import Clock
from localazure.store import Store


class SlowClock(Clock):
    """A clock that moves by a millisecond when it is read, so that no assertion depends on how fast the
    machine is, and what comes later still has a later time."""

    def __init__(self, store: Store, start: float | None = None) -> None:
        """`start` is seconds since 1970; the machine's time without it."""
        super().__init__(store)
        self._now = super().now() if start is None else start

    def now(self) -> float:
        self._now += 0.001
        return self._now

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._now += seconds
