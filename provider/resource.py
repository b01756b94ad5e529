"""The life of a resource as the engine drives it, without the wire, and the parts that most resources share.

A preview answers with the inputs, and UNKNOWN for outputs that only the act itself shows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from core.clouds import Cloud
from core.login import Login
from provider.azure import Azure
from provider.checks import Failure, check, declared
from provider.errors import ErrorContext, translate
from provider.failure import RefusedOperationError, ServiceError
from provider.waiting import Log, Waiter
from provider.wire import UNKNOWN, Properties, ResourceState


@dataclass(frozen=True)
class Call:
    """One call of the engine: Azure, which asks again for as long as the call may wait (`azure.patient`); the
    login; the engine's log; and the names with which the commands in an error of Azure are filled.

    `warn` and `inform` stay in the log of the command; the progress messages of `waiter` are overwritten.
    """

    urn: str
    azure: Azure
    login: Login
    waiter: Waiter
    warn: Log
    inform: Log
    context: ErrorContext = field(default_factory=ErrorContext)

    def explain(self, failure: ServiceError) -> str:
        """A failure in the user's words."""
        return translate(failure, self.context)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns a failure of Azure into a refusal, in the user's words."""
        try:
            yield
        except ServiceError as failure:
            raise RefusedOperationError(self.explain(failure)) from failure


@dataclass(frozen=True)
class Change:
    """A creation, which has no `id`, or an update: the inputs that are wanted, and the inputs and outputs of
    the state."""

    news: Properties
    id: str = ""
    old_inputs: Properties = field(default_factory=Properties)
    olds: Properties = field(default_factory=Properties)


Bound = tuple[str | None, str | None]
"""`boundAt` and `operationId` of a binding's outputs."""


@dataclass(frozen=True)
class Run:
    """The state that one login's resources share for one run of the engine. `time` is Azure's, since 1970.

    `leaving` are the ids, in lower case, of the accounts that the program puts back on Microsoft-managed
    keys, by `accountLeaves`: the engine has each declared resource checked before it deletes anything
    (pulumi/pulumi pkg/resource/deploy/step_generator.go). `bound` has, for each account that this run has
    bound, by its id, the time and the operation: the engine makes a replacement before it deletes the
    replaced resource.
    """

    time: Callable[[], float]
    login: Login
    leaving: set[str] = field(default_factory=set)
    bound: dict[str, Bound] = field(default_factory=dict)

    @property
    def cloud(self) -> Cloud:
        return self.login.cloud

    def now(self) -> str:
        """Azure's time, as outputs have it."""
        return datetime.fromtimestamp(self.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Difference:
    """One property's change, in the engine's word. `in_inputs` is False if only the read value differs."""

    kind: str
    in_inputs: bool = True


READ_LAG_SECONDS = 60.0
"""How long a read may show a resource as it was before a change that Azure has carried out (assumed)."""
REPLACES = "UPDATE_REPLACE"
"""The kind of a difference that makes another resource."""


def fold(properties: Properties, name: str) -> str:
    """A property without differences that mean nothing."""
    return plain(str(properties.values.get(name) or ""))


def plain(text: str) -> str:
    """An id or URI without the differences that mean nothing: case, a trailing slash, the port of https."""
    return text.rstrip("/").lower().replace(":443/", "/", 1)


class Resource(ABC):
    """One resource type, whose updates and deletions write nothing unless it says otherwise. Each call may
    raise ServiceError."""

    token: ClassVar[str]
    """The type token, under which the schema declares the inputs, and the outputs that only the creation
    shows."""
    compared: ClassVar[tuple[str, ...]] = ()
    """The inputs of which a difference is a change."""
    read_back: ClassVar[tuple[str, ...]] = ()
    """The inputs whose value in Azure counts, too: a key that was bound out of band is a change."""
    surroundings: ClassVar[tuple[str, ...]] = ()
    """The inputs that may come or go without a change: a resource that was made elsewhere must import without
    a difference."""
    of_creation: ClassVar[tuple[str, ...]] = ()
    """The inputs that the creation alone reads. A resource that exists keeps them as the state has them,
    because a program that states them by what the state has would change them in the update after."""
    derived: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For an input, the outputs that contain it and must be secret when it is."""
    refreshes: ClassVar[bool] = True
    """Whether it is read before each preview and update, also where the project asks for no refresh."""
    is_read_twice: ClassVar[bool] = True
    """Whether a resource that seems gone is read once more; False if `look` does so by itself."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def context(self, id: str, properties: Properties) -> ErrorContext:
        """The names with which the commands in an error of Azure are filled; `id` is "" before there is
        one."""
        return ErrorContext()

    def check(self, news: Properties) -> list[Failure]:
        return check(news, self.token)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        """The changes that an update would make, by property; empty if none."""
        found = {}
        for name in self.compared:
            written, wanted = fold(old_inputs, name), fold(news, name)
            # A state without outputs says nothing of what was read.
            live = fold(olds, name) if name in self.read_back and olds.values else written
            if wanted == written == live or (name in self.surroundings and not (written and wanted)):
                continue
            if name in declared(self.token).replacing:
                kind = REPLACES
            elif written and wanted:
                kind = "UPDATE"
            else:
                kind = "ADD" if wanted else "DELETE"
            found[name] = Difference(kind, written != wanted)
        return found

    async def preview(self, call: Call, change: Change) -> ResourceState:
        """The state after a creation or an update."""
        unknown = () if change.id else declared(self.token).outputs
        values = {**change.olds.values, **change.news.values, **dict.fromkeys(unknown, UNKNOWN)}
        return ResourceState(change.id, values)

    @abstractmethod
    async def create(self, call: Call, inputs: Properties) -> ResourceState: ...

    async def update(self, call: Call, change: Change) -> ResourceState:
        """The state after an update."""
        return await self.preview(call, change)

    def keeps_unread(self, id: str) -> bool:
        """Whether a resource that the login may not read, or not from here, counts as unchanged: a preview
        may run where the network keeps it out."""
        return False

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """The resource as it is; gone if its `id` is empty. An import comes with the id alone.

        A resource of the state counts as gone once Azure has said so twice: one answer may come from a front
        end that is behind (assumed).
        """
        try:
            return await call.waiter.twice(
                lambda: self.look(call, id, inputs, olds),
                lambda found: bool(found.id) or not (self.is_read_twice and olds.values),
                "making sure that it is gone",
            )
        except ServiceError as failure:
            unread = failure.is_forbidden or failure.is_unreachable
            if not (self.keeps_unread(id) and olds.values and unread):
                raise
            await call.warn(f"not checked: {call.explain(failure)}")
            return ResourceState(id, olds.values, inputs.values)

    @abstractmethod
    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """The answer of `read`."""

    async def delete(self, call: Call, id: str, olds: Properties) -> None:  # noqa: B027 - nothing is a meaning
        """`olds` are the outputs, and the inputs that are no outputs."""


def secret_outputs(resource: Resource, *sources: Properties) -> frozenset[str]:
    """The names of the secret outputs: those that were given as secrets, and those that contain one."""
    given = {name for source in sources for name in source.secrets}
    return frozenset(given | {output for name in given for output in resource.derived.get(name, ())})
