"""A provider inside the test, driven by the requests that the engine makes; time is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from provider.azure import Azure
from provider.host import Host
from provider.waiting import Clock
from provider.wire import Properties, decode, encode

PART = "language-cmk:index:KeyBinding"
"""What the resources are part of."""
CMK = "azure-cmk:index:CustomerManagedKey"
VERSION = "azure-cmk:index:KeyVersion"
ACCESS = "azure-cmk:index:KeyAccessValidation"
REVOCATION = "azure-cmk:index:KeyAccessRevocation"
HSM_ROLE = "azure-cmk:index:ManagedHsmRoleAssignment"
CLEANUP = "azure-cmk:index:KeyAccessCleanup"
UPGRADE = "azure-cmk:index:FoundryAutoUpgrade"
Json = Mapping[str, Any]
UNBINDS = {"onDelete": "unbind"}
"""Of a binding whose deletion unbinds the account."""


@dataclass
class FakeClock:
    """A clock that passes only when somebody sleeps; `slept` is every pause, in seconds."""

    moment: float = 0.0
    epoch: float = 1_750_000_000.0
    slept: list[float] = field(default_factory=list)
    paused: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return self.moment

    def time(self) -> float:
        return self.epoch + self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.paused.set()
        self.moment += seconds


class FailedError(Exception):
    """A call that the provider refused: its code, its message and the state that it left, if any."""

    def __init__(self, code: grpc.StatusCode, message: str, metadata: Mapping[str, bytes]) -> None:
        super().__init__(message)
        self.code = code
        self.partial: Any = None
        if details := metadata.get("grpc-status-details-bin"):
            self.partial = provider_pb2.ErrorResourceInitFailed()
            status_pb2.Status.FromString(details).details[0].Unpack(self.partial)


class _Context:
    """What a call may do beside an answer: end with an error."""

    metadata: Mapping[str, bytes] = {}

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, bytes]]) -> None:
        self.metadata = dict(metadata)

    async def abort(self, code: grpc.StatusCode, message: str) -> None:
        raise FailedError(code, message, self.metadata)


async def refused(call: Awaitable[Any], match: str | None = None) -> FailedError:
    """The refusal that a call ends with, whose message has the pattern `match`."""
    with pytest.raises(FailedError, match=match) as failed:
        await call
    return failed.value


class Engine:
    """Drives one provider with plain dicts, and keeps in `heard` what that says to the engine's log. The
    resources have a `parent`, by its type, unless that is "". `azure` and `clock` are the provider's."""

    def __init__(self, host: Host, azure: Any, clock: Any) -> None:
        self._host, self.azure, self.clock = host, azure, clock
        self.heard: list[Any] = []
        self.parent = f"{PART}$"

    async def send(self, method: str, request: Any) -> Any:
        """The response to a request as the engine makes it. Raises FailedError."""
        return await getattr(self._host, method)(request, _Context())

    async def Log(self, request: Any, **_: Any) -> None:
        """The engine's side of the log."""
        self.heard.append(request)

    @property
    def said(self) -> list[str]:
        """What stays in the log."""
        return [request.message for request in self.heard if not request.ephemeral]

    @property
    def progress(self) -> list[str]:
        """What was shown until the next message."""
        return [request.message for request in self.heard if request.ephemeral]

    async def check(self, type: str, news: Json) -> dict[str, str]:
        response = await self.ask("Check", type, news=encode(news))
        return {failure.property: failure.reason for failure in response.failures}

    async def diff(self, type: str, olds: Json, old_inputs: Json, news: Json) -> dict[str, str]:
        """The kinds of the changes by property; ` as read` behind those of which the inputs show nothing."""
        given = {"olds": encode(olds), "old_inputs": encode(old_inputs), "news": encode(news)}
        response = await self.ask("Diff", type, **given)
        found = response.detailedDiff
        name_of = provider_pb2.PropertyDiff.Kind.Name
        kinds = {name: name_of(one.kind) + " as read" * (not one.inputDiff) for name, one in found.items()}
        assert response.hasDetailedDiff
        assert bool(kinds) == (response.changes == provider_pb2.DiffResponse.DIFF_SOME)
        return kinds

    async def create(
        self, type: str, inputs: Json, *, secrets: Iterable[str] = (), **how: Any
    ) -> tuple[str, Properties]:
        """`how`: `preview`, and `timeout` in seconds."""
        response = await self.ask("Create", type, properties=encode(inputs, secrets), **how)
        return response.id, decode(response.properties)

    async def read(
        self, type: str, id: str, inputs: Json | None = None, olds: Json | None = None
    ) -> tuple[str, Properties, Properties]:
        given = {"inputs": encode(inputs or {}), "properties": encode(olds or {})}
        response = await self.ask("Read", type, id=id, **given)
        return response.id, decode(response.properties), decode(response.inputs)

    async def update(
        self, type: str, id: str, olds: Json, old_inputs: Json, news: Json, **how: Any
    ) -> Properties:
        given = {"olds": encode(olds), "old_inputs": encode(old_inputs), "news": encode(news)}
        return decode((await self.ask("Update", type, id=id, **given, **how)).properties)

    async def delete(self, type: str, id: str, olds: Json | None = None) -> None:
        await self.ask("Delete", type, id=id, properties=encode(olds or {}))

    async def invoke(self, token: str, args: Json) -> tuple[dict[str, Any], dict[str, str]]:
        response = await self.send("Invoke", provider_pb2.InvokeRequest(tok=token, args=encode(args)))
        answer = decode(getattr(response, "return"))
        return dict(answer.values), {f.property: f.reason for f in response.failures}

    async def cancel(self) -> None:
        await self.send("Cancel", empty_pb2.Empty())

    def urn(self, type: str) -> str:
        return f"urn:pulumi:test::language-cmk::{self.parent}{type}::language"

    async def ask(self, method: str, type: str, **given: Any) -> Any:
        """The response about a resource of a type."""
        request = getattr(provider_pb2, f"{method}Request")(urn=self.urn(type), type=type, **given)
        return await self.send(method, request)


async def engine(
    azure: Azure, clock: Clock | None = None, config: Json | None = None, *, listens: bool = True
) -> Engine:
    """An engine with a configured provider, whose log it keeps, or that is gone."""
    clock = clock or FakeClock()
    host = Host(
        lambda login: azure,
        clock=clock,
        environ={},
        complete=lambda login: login,
        engine_address="127.0.0.1:1",
    )
    pulumi = Engine(host, azure, clock)
    if listens:
        host._log._stub = cast("Any", pulumi)
    await pulumi.send("Configure", provider_pb2.ConfigureRequest(args=encode(config or {})))
    return pulumi


async def create(azure: Azure, type: str, inputs: Json, clock: Clock | None = None) -> tuple[str, Properties]:
    """What one create gives, of a provider that is there for it alone."""
    return await (await engine(azure, clock)).create(type, inputs)
