"""The order of a rollout, as pure functions: rings, when to halt, and shards for a CI.

Pulumi goes on by itself after an update that was cut off, and a CI's matrix limits how many jobs run. This
module has the two things that neither can do: nothing more begins after a failure, and a key that several
stacks share gets one new version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from operate.errors import OperateError
from settings.shared import Ring, matches, share

REST = "rest"
"""The ring of the stacks that no other ring takes."""
MOST_JOBS = 256
"""Jobs of one matrix. Source: GitHub Actions, "Usage limits": a matrix makes at most 256 jobs in a run."""


@dataclass(frozen=True)
class Member:
    """A stack of the fleet. `keys` are `vault/key`, in lower case, of the keys that its services use."""

    stack: str
    labels: Mapping[str, str] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    services: int = 1


@dataclass(frozen=True)
class Outcome:
    """The outcome of one stack. `reason` is empty if all is well; `changes` counts operations on resources;
    `unproven` are failed checks. It has no secrets."""

    stack: str
    reason: str = ""
    changes: Mapping[str, int] = field(default_factory=dict)
    unproven: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.reason and not self.unproven

    @property
    def said(self) -> str:
        """Why it is not as it should be."""
        return "; ".join(filter(None, (self.reason, *self.unproven)))


Rings = Mapping[str, tuple[str, ...]]
"""The stacks of each ring, in the order in which rings and stacks go."""


def in_rings(members: Iterable[Member], rings: Sequence[Ring]) -> Rings:
    """Puts every stack into exactly one ring, sorted by name. No ring is empty."""
    left = sorted(members, key=lambda member: member.stack)
    total, found = len(left), dict[str, tuple[str, ...]]()
    for ring in [*rings, Ring(REST)]:
        taken = [member for member in left if matches(ring.match, member.labels)]
        if ring.take:
            taken = taken[: share(ring.take, total)]
        left = [member for member in left if member not in taken]
        if taken:
            found[ring.name] = (*found.get(ring.name, ()), *(each.stack for each in taken))
    return found


def only(rings: Rings, stacks: Collection[str]) -> Rings:
    """The rings without other stacks; none is empty."""
    left = {}
    for name, own in rings.items():
        if chosen := tuple(stack for stack in own if stack in stacks):
            left[name] = chosen
    return left


def halts(outcomes: Iterable[Outcome], allowed: int) -> str:
    """Why a rollout halts after these outcomes of a ring, of which `allowed` may fail; "" if it goes on. A
    single failed proof halts it."""
    outcomes = list(outcomes)
    failed = [one.stack for one in outcomes if one.reason]
    unproven = [one.stack for one in outcomes if one.unproven and not one.reason]
    reasons = []
    if len(failed) > allowed:
        count = f"{allowed} allowed" if allowed else "none is allowed"
        reasons.append(f"failed: {', '.join(failed)} ({count} in a ring)")
    if unproven:
        reasons.append(f"not proven: {', '.join(unproven)}")
    return "; ".join(reasons)


def shards(stacks: Iterable[str], count: int) -> list[list[str]]:
    """The stacks in at most `count` shards, whose sizes differ by one at most. Raises OperateError if no
    matrix takes so many."""
    if not 1 <= count <= MOST_JOBS:
        raise OperateError(
            f"--shards: found {count}, expected 1 to {MOST_JOBS}, which is what a matrix takes"
        )
    ordered = sorted(stacks)
    return [made for first in range(count) if (made := ordered[first::count])]


def matrix(shards: Sequence[Sequence[str]], ci: str) -> dict[str, Any]:
    """The shards as a CI's matrix. `first` counts the stacks in the shards before, so that no two stacks of
    all shards get the same number."""
    entries = []
    for number, stacks in enumerate(shards, start=1):
        first = sum(len(one) for one in shards[: number - 1])
        entries.append({"shard": number, "first": first, "stacks": " ".join(stacks)})
    if ci == "github":
        return {"include": entries}
    return {f"shard_{one['shard']}": one for one in entries}


def generations(
    members: Iterable[Member], current: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[str, str, int]]:
    """Which stack makes the new version of each key: stack, key and the generation to set.

    `members` come in the order of their updates, and `current` has, for each stack, the generation of each of
    its keys. A key that several stacks use gets one new version, at the first of them; the others follow it.
    """
    seen: set[str] = set()
    for member in members:
        for key in sorted(member.keys - seen):
            seen.add(key)
            yield member.stack, key, current.get(member.stack, {}).get(key, 0) + 1
