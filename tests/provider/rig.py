"""A provider served over gRPC inside the test, driven as the engine drives it; time is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

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

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.partial: Any = None
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                from pulumi.runtime.proto import status_pb2

                status = status_pb2.Status.FromString(value)
                self.partial = provider_pb2.ErrorResourceInitFailed()
                status.details[0].Unpack(self.partial)


async def refused(call: Awaitable[Any], match: str | None = None) -> FailedError:
    """The refusal that a call ends with, whose message has the pattern `match`."""
    with pytest.raises(FailedError, match=match) as failed:
        await call
    return failed.value


class Engine:
    """Drives one provider with plain dicts, and keeps in `heard` what that says to the engine's log. The
    resources have a `parent`, by its type, unless that is "". `azure` and `clock` are the provider's."""

    def __init__(self, stub: Any, heard: Sequence[Any], azure: Any, clock: Any) -> None:
        self.stub, self.heard, self.azure, self.clock = stub, heard, azure, clock
        self.parent = f"{PART}$"

    @property
    def said(self) -> list[str]:
        """What stays in the log."""
        return [request.message for request in self.heard if not request.ephemeral]

    @property
    def progress(self) -> list[str]:
        """What was shown until the next message."""
        return [request.message for request in self.heard if request.ephemeral]

    async def check(self, type: str, news: Mapping[str, Any]) -> dict[str, str]:
        response = await self._ask("Check", type, news=encode(news))
        return {failure.property: failure.reason for failure in response.failures}

    async def diff(
        self,
        type: str,
        olds: Mapping[str, Any],
        old_inputs: Mapping[str, Any],
        news: Mapping[str, Any],
    ) -> dict[str, str]:
        """The kinds of the changes by property; ` as read` behind those of which the inputs show nothing."""
        given = {"olds": encode(olds), "old_inputs": encode(old_inputs), "news": encode(news)}
        response = await self._ask("Diff", type, **given)
        name_of = provider_pb2.PropertyDiff.Kind.Name
        kinds = {
            name: name_of(found.kind) + ("" if found.inputDiff else " as read")
            for name, found in response.detailedDiff.items()
        }
        assert response.hasDetailedDiff
        assert bool(kinds) == (response.changes == provider_pb2.DiffResponse.DIFF_SOME)
        return kinds

    async def create(
        self,
        type: str,
        inputs: Mapping[str, Any],
        *,
        preview: bool = False,
        seconds: float = 0,
        secrets: tuple[str, ...] = (),
    ) -> tuple[str, Properties]:
        properties = encode(inputs, secrets)
        response = await self._ask("Create", type, properties=properties, preview=preview, timeout=seconds)
        return response.id, decode(response.properties)

    async def read(
        self,
        type: str,
        id: str,
        inputs: Mapping[str, Any] | None = None,
        olds: Mapping[str, Any] | None = None,
    ) -> tuple[str, Properties, Properties]:
        given = {"inputs": encode(inputs or {}), "properties": encode(olds or {})}
        response = await self._ask("Read", type, id=id, **given)
        return response.id, decode(response.properties), decode(response.inputs)

    async def update(
        self,
        type: str,
        id: str,
        olds: Mapping[str, Any],
        old_inputs: Mapping[str, Any],
        news: Mapping[str, Any],
        *,
        preview: bool = False,
        seconds: float = 0,
    ) -> Properties:
        given = {"olds": encode(olds), "old_inputs": encode(old_inputs), "news": encode(news)}
        response = await self._ask("Update", type, id=id, preview=preview, timeout=seconds, **given)
        return decode(response.properties)

    async def delete(self, type: str, id: str, olds: Mapping[str, Any] | None = None) -> None:
        await self._ask("Delete", type, id=id, properties=encode(olds or {}))

    async def invoke(self, token: str, args: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        response = await self._ended(
            self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(args)))
        )
        answer = decode(getattr(response, "return"))
        return dict(answer.values), {f.property: f.reason for f in response.failures}

    async def cancel(self) -> None:
        await self.stub.Cancel(empty_pb2.Empty())

    def urn(self, type: str) -> str:
        return f"urn:pulumi:test::language-cmk::{self.parent}{type}::language"

    async def _ask(self, method: str, type: str, **given: Any) -> Any:
        """The response about a resource of a type."""
        request = getattr(provider_pb2, f"{method}Request")(urn=self.urn(type), type=type, **given)
        return await self._ended(getattr(self.stub, method)(request))

    async def _ended(self, call: Any) -> Any:
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise FailedError(error) from None


class _Log(engine_pb2_grpc.EngineServicer):
    """The engine's side of the log: keeps every message that it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def Log(self, request: Any, context: Any) -> Any:
        self.heard.append(request)
        return empty_pb2.Empty()


@asynccontextmanager
async def _served(
    add: Callable[[Any, Any], None], servicer: Any, grace: float | None = None
) -> AsyncIterator[str]:
    """The address at which a servicer is served. At the end its calls have `grace` seconds to end."""
    server = grpc.aio.server()
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(grace)


@asynccontextmanager
async def engine(
    azure: Azure,
    clock: Clock | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    listens: bool = True,
) -> AsyncIterator[Engine]:
    """A configured provider on a loopback port, and an engine that listens to it, or is gone."""
    log, clock = _Log(), clock or FakeClock()
    async with AsyncExitStack() as open:
        heard_at = await open.enter_async_context(
            _served(engine_pb2_grpc.add_EngineServicer_to_server, log, grace=1)
        )
        host = Host(
            lambda login: azure,
            clock=clock,
            environ={},
            complete=lambda login: login,
            engine_address=heard_at if listens else "127.0.0.1:1",
        )
        add = provider_pb2_grpc.add_ResourceProviderServicer_to_server
        address = await open.enter_async_context(_served(add, host))
        channel = await open.enter_async_context(grpc.aio.insecure_channel(address))
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        await stub.Configure(provider_pb2.ConfigureRequest(args=encode(config or {})))
        yield Engine(stub, log.heard, azure, clock)


async def create(
    azure: Azure, type: str, inputs: Mapping[str, Any], clock: Clock | None = None, **how: Any
) -> tuple[str, Properties]:
    """What one create gives, of a provider that is there for it alone; `how` as in `Engine.create`."""
    async with engine(azure, clock) as pulumi:
        return await pulumi.create(type, inputs, **how)
