"""The cloud a handler works on: its memory, its clock, its ids and its behaviour."""

import base64
import os
import random
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from localazure.behaviour import Behaviour, changed, restored
from localazure.store import SETTINGS, Store


class Clock:
    """The cloud's time: the machine's, moved by an offset that is kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = (-1, 0.0)

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00Z on the cloud's clock."""
        if self._offset[0] != self._store.settings:
            kept = self._store.get(SETTINGS, "clock") or {}
            self._offset = self._store.settings, float(kept.get("offset", 0.0))
        return time.time() + self._offset[1]

    def advance(self, seconds: float) -> None:
        self.now()
        self._store.put(SETTINGS, "clock", {"offset": self._offset[1] + seconds})

    def datetime(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def has_come(self, day: float) -> bool:
        return self.now() >= day


def iso(seconds: float, *, digits: int = 7) -> str:
    """ARM's spelling of a time: `2026-01-31T12:00:00.1234567Z`; `digits=0` gives whole seconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if not digits:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}0"[:digits] + "Z"


def iso_of(text: str) -> str:
    """ARM's spelling of a time that a client spells as ISO 8601 allows. Raises ValueError."""
    return iso(datetime.fromisoformat(text).astimezone(UTC).timestamp())


class Cloud:
    """Everything the handlers share. One per process, or one per test."""

    def __init__(self, store: Store | None = None, *, seed: int | None = None) -> None:
        self.store = store or Store()
        self.reads: Counter[str] = Counter()
        """How often each path was read while every other read lags (read_lag.py). Not in the store, which
        forgets what a refused request wrote."""
        self.clock = Clock(self.store)
        self._random: random.Random
        self._behaviour = (-1, Behaviour())
        self.seed_ids(seed)

    def shows_deleted(self, deleted: float | None) -> bool:
        """Whether a resource deleted at that time can be found by now (`deleted_resources_visible_after`)."""
        waits: float = self.behaviour.deleted_resources_visible_after
        return (deleted or 0.0) + waits <= self.clock.now()

    def new_id(self) -> str:
        """A new GUID with dashes, lower case; the same row of them for the same seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def new_etag(self) -> str:
        """A new entity tag, with its quotes."""
        return f'"{self.new_id()}"'

    def own_key(self, kind: str) -> bytes:
        """A key of 32 bytes that the cloud has, by its kind in the store; made when it is first needed."""
        kept = self.store.get(kind, "microsoft")
        if kept is None:
            kept = {"key": base64.b64encode(os.urandom(32)).decode()}
            self.store.put(kind, "microsoft", kept)
        return base64.b64decode(kept["key"])

    def seed_ids(self, seed: int | None) -> None:
        """Makes the ids that follow the same row of them for the same seed; None goes back to chance."""
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()

    def new_hex(self, digits: int = 32) -> str:
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    @property
    def behaviour(self) -> Behaviour:
        if self._behaviour[0] != self.store.settings:
            stored = self.store.get(SETTINGS, "behaviour") or {}
            self._behaviour = self.store.settings, restored(stored)
        return self._behaviour[1]

    def behave(self, **changes: Any) -> None:
        """Sets switches. Raises ValueError naming those that are unknown or cannot have their value."""
        self.store.put(SETTINGS, "behaviour", vars(changed(self.behaviour, changes)))
