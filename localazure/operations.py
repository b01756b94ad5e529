"""Long-running operations: they advance on the cloud's clock and on polls, never by sleeping.

An operation can be asked for until seven days after its end (assumed: Azure names no time; the Language
service documents seven days for its jobs), then it is gone.
"""

from dataclasses import dataclass, replace

from localazure.cloud import Cloud
from localazure.web import Json

_KIND = "operation"
_KEPT_SECONDS = 7 * 86400.0
_UNWATCHED_SECONDS = 2.0


@dataclass(frozen=True)
class Operation:
    """An operation under way or ended; times are seconds on the cloud's clock.

    `polls` counts how often a client has polled since it began; `about` is whatever its owner keeps
    with it (the resource's id, the word for its running status).
    """

    id: str
    started: float
    ends: float
    polls: int
    about: Json

    def done(self, now: float) -> bool:
        """Whether it has ended: its time is over, and a client saw it running at least once."""
        return now >= self.ends and self.polls > 1

    def over(self, now: float) -> bool:
        """Whether its work counts as done: it has ended, or would have if a client had polled.

        A write that meets it cannot count as a look, since a refused write leaves no trace.
        """
        return self.done(now) or now >= self.ends + _UNWATCHED_SECONDS

    @property
    def expires(self) -> float:
        """The time after which clients can no longer poll it."""
        return self.ends + _KEPT_SECONDS


def begin(cloud: Cloud, about: Json) -> Operation:
    """Starts an operation that lasts `Behaviour.operation_seconds`."""
    now = cloud.clock.now()
    operation = Operation(cloud.new_id(), now, now + cloud.behaviour.operation_seconds, polls=0, about=about)
    _save(cloud, operation)
    return operation


def find(cloud: Cloud, id: str) -> Operation | None:
    """An operation without polling it; None if it does not exist, or no longer."""
    operation = cloud.store.made(_KIND, id, lambda body: Operation(**body))
    return None if operation is None or operation.expires <= cloud.clock.now() else operation


def poll(cloud: Cloud, id: str) -> Operation | None:
    """Polls an operation; None if it does not exist, or no longer."""
    found = find(cloud, id)
    if found is None:
        return None
    operation = replace(found, polls=found.polls + 1)
    _save(cloud, operation)
    return operation


def forget_expired(cloud: Cloud) -> None:
    """Removes the operations that clients can no longer poll from the store."""
    now = cloud.clock.now()
    for id, found in cloud.store.scan(_KIND):
        if Operation(**found).expires <= now:
            cloud.store.delete(_KIND, id)


def _save(cloud: Cloud, operation: Operation) -> None:
    cloud.store.put(_KIND, operation.id, operation.__dict__)
