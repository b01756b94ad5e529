"""The order of a rollout, as pure functions: rings and waves, limits, when to halt, what is left to do, and
shards for a CI."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from operate.errors import OperateError
from operate.fleet.shared import Selector, matches

REST = "rest"
"""The ring of the stacks that no other ring takes."""
MOST_JOBS = 256
"""Jobs of one matrix. Source: GitHub Actions, "Usage limits": a matrix makes at most 256 jobs in a run."""
OF_FIRST: Mapping[str, tuple[int, int, int, int]] = {"preview": (12, 3, 5, 3), "up": (35, 65, 10, 16)}
_OF_LATER: Mapping[str, tuple[int, int, int, int]] = {
    "preview": (0, 15, 0, 0),
    "up": (12, 60, 0, 5),
    "drift": (0, 26, 0, 0),
    "evidence": (11, 10, 0, 0),
    "alarms": (10, 38, 0, 0),
}
_UNCHANGED = (10, 27, 0, 0)
"""Calls to Resource Manager, counted on the local Azure with stacks of 1 and of 4 services: reads of a stack
and of each of its services, and writes, among which Resource Manager counts questions that are POSTs. By
action: of a stack that was never updated, of one that was, and of an update that had nothing to do. An
operation of 30 s is polled three times, which counts."""
UNMEASURED = 30.0
"""Seconds of a stack that was never timed: what a first update takes Azure, assumed. Only the balance of
shards and the order within a wave depend on it."""


@dataclass(frozen=True)
class Member:
    """A stack of the fleet. `keys` are `vault/key`, in lower case, of the keys that its services use."""

    stack: str
    labels: Mapping[str, str] = field(default_factory=dict)
    subscription: str = ""
    keys: frozenset[str] = frozenset()
    services: int = 1

    @property
    def vaults(self) -> frozenset[str]:
        """The vaults of its keys."""
        return frozenset(key.partition("/")[0] for key in self.keys)


@dataclass(frozen=True)
class Share:
    """A part of a fleet: a count of stacks, or a percentage of them."""

    number: int
    percent: bool = False

    def of(self, total: int) -> int:
        """How many of `total` stacks; at least one, where there is any."""
        return min(total, max(1, math.ceil(total * self.number / 100) if self.percent else self.number))


@dataclass(frozen=True)
class Ring:
    """Some of the stacks that earlier rings left: those that `match`, at most `take` of them, in waves of at
    most `wave` stacks."""

    name: str
    match: Selector = field(default_factory=dict)
    take: Share | None = None
    wave: Share | None = None


@dataclass(frozen=True)
class Wave:
    """Stacks that may go at the same time, once every wave before it has gone well."""

    ring: str
    number: int
    stacks: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.ring}, wave {self.number}"


@dataclass(frozen=True)
class Limits:
    """How many stacks at once: in all, of one subscription, and of one vault, whose writers go in turn."""

    stacks: int = 4
    per_subscription: int = 4
    per_vault: int = 1


@dataclass(frozen=True)
class StopRule:
    """What halts a rollout: more than `failures` in a wave, a failed proof, an open finding of `findings`
    ("error", "warning" or "never")."""

    failures: int = 0
    proof: bool = True
    findings: str = "error"


@dataclass(frozen=True)
class Outcome:
    """What became of one stack. `reason` is empty where all is well; `changes` counts operations on
    resources; `unproven` are failed checks; `findings` counts open findings by severity. No secrets."""

    stack: str
    reason: str = ""
    changes: Mapping[str, int] = field(default_factory=dict)
    unproven: tuple[str, ...] = ()
    findings: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.reason and not self.unproven


def waves(members: Iterable[Member], rings: Sequence[Ring]) -> tuple[Wave, ...]:
    """Every stack in exactly one wave, ring by ring; in a ring by name."""
    left = sorted(members, key=lambda one: one.stack)
    total, found = len(left), []
    for ring in [*rings, Ring(REST)]:
        fits = [one for one in left if matches(ring.match, one.labels)]
        taken = fits[: ring.take.of(total)] if ring.take else fits
        left = [one for one in left if one not in taken]
        size = ring.wave.of(len(taken)) if ring.wave and taken else len(taken)
        for number, start in enumerate(range(0, len(taken), size or 1), start=1):
            stacks = tuple(one.stack for one in taken[start : start + size])
            found.append(Wave(ring.name, number, stacks))
    return tuple(found)


def startable(waiting: Sequence[Member], running: Collection[Member], limits: Limits) -> tuple[Member, ...]:
    """Those that may start now, in the order given; the first that may not does not hold up the others."""
    subscriptions = Counter(one.subscription for one in running)
    vaults = Counter(vault for one in running for vault in one.vaults)
    started: list[Member] = []
    for one in waiting:
        if len(running) + len(started) >= limits.stacks:
            break
        if subscriptions[one.subscription] >= limits.per_subscription:
            continue
        if any(vaults[vault] >= limits.per_vault for vault in one.vaults):
            continue
        started.append(one)
        subscriptions[one.subscription] += 1
        vaults.update(one.vaults)
    return tuple(started)


@dataclass(frozen=True)
class Calls:
    """Calls to Resource Manager: `writes` are all that are no GET, HEAD or DELETE."""

    reads: float = 0.0
    writes: float = 0.0


def calls(action: str, services: int, *, first: bool, changed: bool = True) -> Calls:
    """What an action on a stack takes of Resource Manager, about. `first`: the stack was never updated;
    `changed`: the action changed something, or may."""
    of = OF_FIRST.get(action) if first else None
    if of is None:
        of = _UNCHANGED if action == "up" and not changed else _OF_LATER.get(action, (0, 0, 0, 0))
    stack, service, stack_writes, service_writes = of
    return Calls(stack + service * services, stack_writes + service_writes * services)


@dataclass(frozen=True)
class Bucket:
    """Tokens, `refill` more of them each second up to `size`. Times in seconds of any clock."""

    size: float
    refill: float
    tokens: float
    at: float = 0.0

    def taken(self, cost: float, now: float) -> Bucket:
        """The bucket after `cost` tokens taken at `now`; it may fall below zero, and then `wait` tells."""
        refilled = min(self.size, self.tokens + (now - self.at) * self.refill)
        return replace(self, tokens=refilled - cost, at=now)

    def wait(self, cost: float, now: float) -> float:
        """Seconds until `cost` tokens are there; for more than the whole bucket, until it is full."""
        return max(0.0, -self.taken(min(cost, self.size), now).tokens / self.refill)


@dataclass(frozen=True)
class Budget:
    """What Resource Manager still takes of one service principal in a subscription. Source: Azure Resource
    Manager, "Understand how Azure Resource Manager throttles requests"."""

    reads: Bucket = Bucket(250.0, 25.0, 250.0)
    writes: Bucket = Bucket(200.0, 10.0, 200.0)

    def share(self, part: float) -> Budget:
        """A part of it, full."""
        reads, writes = (
            Bucket(one.size * part, one.refill * part, one.size * part) for one in (self.reads, self.writes)
        )
        return Budget(reads, writes)

    def taken(self, cost: Calls, now: float) -> Budget:
        """The budget after these calls, begun at `now`."""
        return Budget(self.reads.taken(cost.reads, now), self.writes.taken(cost.writes, now))

    def wait(self, cost: Calls, now: float) -> float:
        """Seconds until these calls may begin."""
        return max(self.reads.wait(cost.reads, now), self.writes.wait(cost.writes, now))


PACED = Budget().share(0.9)
"""What a fleet takes. The rest is for calls that come in a bunch: without it, 200 stacks were refused
calls all the time, and eight of their rotations failed."""


def halts(outcomes: Iterable[Outcome], stop: StopRule) -> str:
    """Why a rollout halts after these outcomes of a wave; "" where it goes on."""
    failed: list[str] = []
    unproven: list[str] = []
    found: list[str] = []
    words = {"error": ("error",), "warning": ("error", "warning")}.get(stop.findings, ())
    for one in outcomes:
        if one.reason:
            failed.append(one.stack)
        elif one.unproven:
            (unproven if stop.proof else failed).append(one.stack)
        if any(one.findings.get(word) for word in words):
            found.append(one.stack)
    reasons = []
    if len(failed) > stop.failures:
        allowed = f"{stop.failures} allowed" if stop.failures else "none is allowed"
        reasons.append(f"failed: {', '.join(failed)} ({allowed} in a wave)")
    if unproven:
        reasons.append(f"not proven: {', '.join(unproven)}")
    if found:
        reasons.append(f"open findings: {', '.join(found)}")
    return "; ".join(reasons)


def remaining(planned: Sequence[Wave], settled: Collection[str]) -> tuple[Wave, ...]:
    """The waves that are left, without the stacks that need nothing."""
    left = (replace(wave, stacks=tuple(one for one in wave.stacks if one not in settled)) for wave in planned)
    return tuple(wave for wave in left if wave.stacks)


def settled(
    records: Iterable[Mapping[str, object]],
    digests: Mapping[str, str],
    updated: Mapping[str, str],
) -> frozenset[str]:
    """The stacks that an earlier run left as they should be: its update and the proof went well, settings and
    code are the same, and nobody has updated the stack since.

    `records` are the journal's, oldest first; `digests` the wanted state of each stack, `updated` the time of
    its last update, as the stack itself tells it. Whatever is in doubt is done again, which changes nothing
    where nothing is left to do.
    """
    known: dict[str, Mapping[str, object]] = {}
    for record in records:
        if record.get("event") == "settled":
            known[str(record["stack"])] = record
    return frozenset(
        stack
        for stack, record in known.items()
        if record.get("digest") == digests.get(stack)
        and record.get("updated")
        and record.get("updated") == updated.get(stack)
    )


def shards(stacks: Iterable[str], seconds: Mapping[str, float], count: int) -> tuple[tuple[str, ...], ...]:
    """The stacks in at most `count` shards of about the same time: the longest first, each into the shard
    that is free first. None is empty. Raises OperateError for a count that no matrix takes."""
    if not 1 <= count <= MOST_JOBS:
        raise OperateError(
            f"--shards: found {count}, expected 1 to {MOST_JOBS}, which is what a matrix takes"
        )
    expected = sum(seconds.values()) / len(seconds) if seconds else UNMEASURED
    ordered = sorted(stacks, key=lambda one: (-seconds.get(one, expected), one))
    made: list[list[str]] = [[] for _ in range(min(count, len(ordered)))]
    free = [(0.0, number) for number in range(len(made))]
    for stack in ordered:
        busy, number = heapq.heappop(free)
        made[number].append(stack)
        heapq.heappush(free, (busy + seconds.get(stack, expected), number))
    return tuple(tuple(sorted(one)) for one in made)


def matrix(shards: Sequence[Sequence[str]], ci: str) -> dict[str, Any]:
    """The shards as a CI's matrix. `first` is the number of stacks in the shards before: with it, what is
    numbered by stack has numbers of its own over all shards."""
    entries = []
    for number, stacks in enumerate(shards, start=1):
        first = sum(len(one) for one in shards[: number - 1])
        entries.append({"shard": number, "first": first, "stacks": " ".join(stacks)})
    if ci == "github":
        return {"include": entries}
    return {f"shard_{one['shard']}": one for one in entries}


def measured(records: Iterable[Mapping[str, object]], action: str) -> dict[str, float]:
    """The seconds that an action last took of each stack, as the journal has them."""
    return {
        str(record["stack"]): float(str(record["seconds"]))
        for record in records
        if record.get("event") == "outcome" and record.get("action") == action and "seconds" in record
    }


def generations(
    members: Iterable[Member], current: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[str, str, int]]:
    """Which stack makes the new version of each key: stack, key and the generation to set.

    `current` has, for each stack, the generation of each of its keys. A key that several stacks use gets one
    new version; the others follow it.
    """
    seen: set[str] = set()
    for member in sorted(members, key=lambda one: one.stack):
        for key in sorted(member.keys - seen):
            seen.add(key)
            yield member.stack, key, current.get(member.stack, {}).get(key, 0) + 1
