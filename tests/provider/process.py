"""The plugin as the engine starts it: a process of its own, driven over gRPC, that a test may kill."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.provider.rig import Engine

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def plugin_process(
    environ: Mapping[str, str], *, engine_address: str = "127.0.0.1:1"
) -> AsyncIterator[tuple[Engine, asyncio.subprocess.Process]]:
    """A configured plugin; killed at the end, if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        str(ROOT / "provider"),
        engine_address,
        env=dict(environ),
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 30))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            await stub.Configure(provider_pb2.ConfigureRequest())
            yield Engine(stub), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
