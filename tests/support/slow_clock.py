"""A clock for a local Azure in the test's own process."""

from __future__ import annotations

from datetime import UTC, datetime

from localazure.cloud import Clock
from localazure.store import Store

BEFORE_RETIREMENTS = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
"""More than a retention before Azure refuses the old versions of Key Vault's management API: for tests that
are about them, and for programs whose azure-native asks by them."""


class SlowClock(Clock):
    """A clock that moves by a millisecond when it is read, so that no assertion depends on how fast the
    machine is, and what comes later still has a later time."""

    def __init__(self, store: Store, start: float | None = None) -> None:
        """`start` is seconds since 1970; the machine's time without it."""
        super().__init__(store)
        self._now = super().now() if start is None else start
        self._is_timeless = start is None

    def now(self) -> float:
        self._now += 0.001
        return self._now

    def has_come(self, day: float) -> bool:
        """Every announced day has, for a test that names no time: what Azure is going to refuse fails at
        once, and not on that day."""
        return self._is_timeless or super().has_come(day)

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._now += seconds
