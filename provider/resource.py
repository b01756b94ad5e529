"""What the host needs of a resource or function, whatever it is: the engine's calls without its wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from provider.checks import Failure
from provider.difference import Difference
from provider.waiting import Log, Waiter
from provider.wire import Properties, Value


@dataclass(frozen=True)
class Call:
    """One call of the engine: how long it may wait, and its log.

    `warn` and `inform` stay in the log of the command; the progress messages of `waiter` are overwritten.
    """

    urn: str
    waiter: Waiter
    warn: Log
    inform: Log


@dataclass(frozen=True)
class State:
    """A resource as it was left or found. An empty `id` of a read says that it is gone."""

    id: str
    outputs: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Value] | None = None


class PartialError(Exception):
    """The resource exists, but its change did not finish: `state` is kept and the next update tries again.

    `secrets` names the outputs that are secret.
    """

    def __init__(self, message: str, state: State, secrets: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.state = state
        self.secrets = secrets


class Resource(Protocol):
    """The life of one resource type, as the engine drives it.

    `derived` names, for an input, the outputs that contain it and must be secret when it is.
    """

    derived: Mapping[str, tuple[str, ...]]

    def check(self, news: Properties) -> list[Failure]: ...

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]: ...

    async def preview_create(self, call: Call, inputs: Properties) -> State: ...

    async def create(self, call: Call, inputs: Properties) -> State: ...

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State: ...

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State: ...

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State: ...

    async def delete(self, call: Call, id: str, olds: Properties) -> None: ...


def secret_outputs(resource: Resource, *sources: Properties) -> frozenset[str]:
    """The outputs that are secret: what was given as a secret, and what contains it."""
    given = {name for source in sources for name in source.secrets}
    return frozenset(given | {output for name in given for output in resource.derived.get(name, ())})
