"""The engine's side of the stand-in's gRPC, against a recording ARM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from localazure.standin import serve
from localazure.standin.azure import Login
from localazure.standin.wire import from_struct, to_struct
from tests.localazure.standin.arm import ENVIRON, GROUP, RecordingArm


@dataclass
class Engine:
    """One provider instance as the engine drives it: its own connection, plain values in and out."""

    stub: Any
    struct = staticmethod(to_struct)

    async def configure(self, **config: str) -> None:
        variables = {f"azure-native:config:{key}": value for key, value in config.items()}
        await self.stub.Configure(
            provider_pb2.ConfigureRequest(
                variables=variables, sends_old_inputs=True, sends_old_inputs_to_delete=True
            )
        )

    async def check(
        self, type: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None, **extra: Any
    ) -> tuple[dict[str, Any], list[str]]:
        request = provider_pb2.CheckRequest(
            urn=urn(type), type=type, name="thing", news=to_struct(news), olds=to_struct(olds or {}), **extra
        )
        got = await self.stub.Check(request)
        return from_struct(got.inputs), [item.reason for item in got.failures]

    async def diff(
        self,
        type: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        outputs: Mapping[str, Any] | None = None,
    ) -> Any:
        request = provider_pb2.DiffRequest(
            urn=urn(type),
            type=type,
            old_inputs=to_struct(old),
            news=to_struct(new),
            olds=to_struct(outputs or {}),
        )
        return await self.stub.Diff(request)

    async def create(
        self, type: str, inputs: Mapping[str, Any], *, preview: bool = False, within: float = 0.0
    ) -> tuple[str, dict[str, Any]]:
        got = await self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(type), type=type, properties=to_struct(inputs), preview=preview, timeout=within
            )
        )
        return got.id, from_struct(got.properties)

    async def read(
        self,
        type: str,
        id: str,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> Any:
        return await self.stub.Read(
            provider_pb2.ReadRequest(
                urn=urn(type),
                type=type,
                id=id,
                inputs=to_struct(inputs or {}),
                properties=to_struct(outputs or {}),
            )
        )

    async def update(
        self,
        type: str,
        id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        outputs: Mapping[str, Any] | None = None,
        *,
        preview: bool = False,
    ) -> dict[str, Any]:
        got = await self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=urn(type),
                type=type,
                id=id,
                old_inputs=to_struct(old),
                news=to_struct(new),
                olds=to_struct(outputs or {}),
                preview=preview,
            )
        )
        return from_struct(got.properties)

    async def delete(self, type: str, id: str, old: Mapping[str, Any]) -> None:
        await self.stub.Delete(
            provider_pb2.DeleteRequest(urn=urn(type), type=type, id=id, old_inputs=to_struct(old))
        )

    async def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        got = await self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)))
        return from_struct(getattr(got, "return"))


def urn(type: str) -> str:
    return f"urn:pulumi:dev::project::{type}::thing"


def kinds(diff: Any) -> dict[str, str]:
    """The detailed diff of an answer, path to kind."""
    name = provider_pb2.PropertyDiff.Kind.Name
    return {path: name(item.kind) for path, item in diff.detailedDiff.items()}


def init_failure(error: grpc.aio.AioRpcError) -> provider_pb2.ErrorResourceInitFailed:
    """The detail by which the engine keeps a resource whose operation failed."""
    packed = dict(error.trailing_metadata())["grpc-status-details-bin"]
    found = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(found)
    return found


@asynccontextmanager
async def stand_in(
    environ: Mapping[str, str] = ENVIRON,
) -> AsyncIterator[tuple[int, list[RecordingArm]]]:
    """A served stand-in, its port, and the ARM of each provider instance in order of Configure."""
    opened: list[RecordingArm] = []

    def open_arm(login: Login) -> RecordingArm:
        opened.append(RecordingArm(login))
        return opened[-1]

    server, port = await serve("127.0.0.1:0", environ, open_arm)
    try:
        yield port, opened
    finally:
        await server.stop(None)


@asynccontextmanager
async def engine(port: int) -> AsyncIterator[Engine]:
    """One attached provider instance, not yet configured."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield Engine(provider_pb2_grpc.ResourceProviderStub(channel))


@asynccontextmanager
async def configured() -> AsyncIterator[tuple[Engine, RecordingArm]]:
    """One configured provider instance and its ARM, which has the resource group `rg` in westeurope."""
    async with stand_in() as (port, opened), engine(port) as instance:
        await instance.configure()
        opened[0].resources[GROUP.lower()] = {"id": GROUP, "name": "rg", "location": "westeurope"}
        yield instance, opened[0]
