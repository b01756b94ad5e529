"""Long-running operations: they advance on the cloud's clock and on polls, never by sleeping."""

from __future__ import annotations

from dataclasses import dataclass

from localazure.cloud import Cloud
from localazure.web import Json

_KIND = "operation"


@dataclass(frozen=True)
class Operation:
    """An operation under way or ended; times are seconds on the cloud's clock.

    `polls` counts how often anybody has looked since it began; `about` is whatever its owner keeps
    with it (the resource's id, the word for its running status).
    """

    id: str
    started: float
    ends: float
    polls: int
    about: Json

    def done(self, now: float) -> bool:
        """Whether it has ended: its time is over, and it was seen running at least once."""
        return now >= self.ends and self.polls > 1


def begin(cloud: Cloud, about: Json) -> Operation:
    """Starts an operation that lasts `Behaviour.operation_seconds`."""
    now = cloud.clock.now()
    operation = Operation(cloud.new_id(), now, now + cloud.behaviour.operation_seconds, polls=0, about=about)
    _save(cloud, operation)
    return operation


def poll(cloud: Cloud, id: str) -> Operation | None:
    """Looks at an operation, which counts as a poll; None where there is no such operation."""
    found = cloud.store.get(_KIND, id)
    if found is None:
        return None
    operation = Operation(**{**found, "polls": found["polls"] + 1})
    _save(cloud, operation)
    return operation


def _save(cloud: Cloud, operation: Operation) -> None:
    cloud.store.put(_KIND, operation.id, operation.__dict__)
