"""The cloud a handler works on: its memory, its clock, its ids and its behaviour."""

from __future__ import annotations

import math
import random
import time
import uuid
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from localazure.store import Store


@dataclass(frozen=True)
class Behaviour:
    """What Azure leaves open or varies; all of it can be set through the control endpoint.

    Durations and delays are seconds on the cloud's clock.
    """

    operation_seconds: float = 0.0
    """How long a long-running operation takes; 0 ends it at the first poll that follows it."""
    group_retry_seconds: int = 15
    """The Retry-After of a resource group's delete; 15 was observed, and clients do wait as long."""
    synchronous_creates: bool = False
    """Whether an account PUT answers `Succeeded` at once, the other shape observed on Azure."""
    failing_operations: str = ""
    """The error code with which creates and changes of accounts that begin meanwhile end as Failed, once they
    were accepted; empty: they succeed. What then stays was never observed: here all that was accepted."""
    grant_delay_seconds: float = 0.0
    """How long a new access policy entry or role assignment takes to count."""
    identity_delay_seconds: float = 0.0
    """How long a new managed identity takes to be known to role assignments."""
    token_seconds: int = 3599
    """How long an access token is valid, on the machine's clock; 0 hands out expired ones."""
    put_without_encryption_unbinds: bool = True
    """Whether an account PUT without `encryption` goes back to Microsoft's keys (never observed; the
    safe assumption, design D5)."""


_SETTINGS = frozenset(f.name for f in fields(Behaviour))


def _problem(name: str, value: Any) -> str:
    """Why a setting cannot have this value; empty where it can."""
    usual = getattr(Behaviour, name)
    number = isinstance(usual, (int, float)) and not isinstance(usual, bool)
    if number and isinstance(value, (int, float)) and not isinstance(value, bool):
        fits = 0 <= value < math.inf and (isinstance(usual, float) or isinstance(value, int))
    else:
        fits = type(value) is type(usual)
    kind = "a whole number" if type(usual) is int else f"a {type(usual).__name__}"
    return "" if fits else f"{name} is {value!r}, expected {kind}{' of 0 or more' if number else ''}"


class Clock:
    """The cloud's time: the machine's, moved by an offset that is kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00Z on the cloud's clock."""
        return time.time() + float((self._store.get("cloud", "clock") or {}).get("offset", 0.0))

    def advance(self, seconds: float) -> None:
        offset = float((self._store.get("cloud", "clock") or {}).get("offset", 0.0))
        self._store.put("cloud", "clock", {"offset": offset + seconds})

    def datetime(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)


def iso(seconds: float, *, digits: int = 7) -> str:
    """ARM's spelling of a time: `2026-01-31T12:00:00.1234567Z`; `digits=0` gives whole seconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if not digits:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}0"[:digits] + "Z"


class Cloud:
    """Everything the handlers share. One per process, or one per test."""

    def __init__(self, store: Store | None = None, *, seed: int | None = None) -> None:
        self.store = store or Store()
        self.clock = Clock(self.store)
        self._random: random.Random
        self.seed_ids(seed)

    def new_id(self) -> str:
        """A new GUID with dashes, lower case; the same row of them for the same seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def seed_ids(self, seed: int | None) -> None:
        """Makes the ids that follow the same row of them for the same seed; None goes back to chance."""
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()

    def new_hex(self, digits: int = 32) -> str:
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    @property
    def behaviour(self) -> Behaviour:
        stored = self.store.get("cloud", "behaviour") or {}
        # Settings of another version of this code are left out, so that its memory can still be used.
        return Behaviour(**{name: value for name, value in stored.items() if name in _SETTINGS})

    def behave(self, **changes: Any) -> None:
        """Changes the behaviour. Raises ValueError naming the settings that are unknown, or have a value
        under which nothing would be answered any more."""
        if unknown := sorted(set(changes) - _SETTINGS):
            raise ValueError(f"unknown behaviour {unknown}; known are {sorted(_SETTINGS)}")
        if wrong := [problem for name, value in changes.items() if (problem := _problem(name, value))]:
            raise ValueError("; ".join(wrong))
        self.store.put("cloud", "behaviour", asdict(replace(self.behaviour, **changes)))
