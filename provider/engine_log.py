"""Messages of this plugin to the engine."""

from __future__ import annotations

import contextlib

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine that started this plugin, as far as it listens; a lost engine never fails a call."""

    def __init__(self, address: str = "") -> None:
        self._address = address
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def connect(self, address: str) -> None:
        """Sets the engine's address; the connection is made when there is something to say."""
        if address and address != self._address:
            self._address, self._stub = address, None

    async def write(
        self, severity: engine_pb2.LogSeverity.ValueType, message: str, urn: str, *, ephemeral: bool = False
    ) -> None:
        """Sends one message about a resource; an `ephemeral` one is overwritten by the next."""
        if not self._address:
            return
        if self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(self._address))
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self._stub.Log(request, timeout=5)
