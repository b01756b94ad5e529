"""Serves the stand-in on loopback for engines that attach with PULUMI_DEBUG_PROVIDERS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import grpc

from localazure.standin.arm import Delays
from localazure.standin.azure import Azure, HttpsAzure, Login
from localazure.standin.connections import Connections
from localazure.standin.protocol import provider_pb2_grpc
from localazure.standin.servicer import AzureNative

MOST_BYTES = 400 * 1024 * 1024
"""The engine's own limit for a message."""


async def serve(
    address: str,
    environ: Mapping[str, str],
    open_azure: Callable[[Login], Azure] | None = None,
) -> tuple[grpc.aio.Server, int]:
    """A started server and its port; `address` is `host:port`, port 0 takes a free one.

    `environ` gives HTTPS_PROXY and SSL_CERT_FILE for the way to Azure, the ARM_* service principal where a
    provider's config has none, and the LOCALAZURE_*_SECONDS of `arm.Delays`. `open_azure` replaces the
    way to Azure. The connections end with the server. OSError if the port is taken.
    """
    connections = Connections(open_azure or (lambda login: HttpsAzure(login, environ)), Delays.of(environ))
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MOST_BYTES),
            ("grpc.max_send_message_length", MOST_BYTES),
            ("grpc.so_reuseport", 0),
        ]
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AzureNative(connections, environ), server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: {error}") from error
    await server.start()
    closing = asyncio.create_task(_close_after(server, connections))
    _closings.add(closing)
    closing.add_done_callback(_closings.discard)
    return server, port


_closings: set[asyncio.Task[None]] = set()
"""Kept, because the event loop itself holds tasks only weakly."""


async def _close_after(server: grpc.aio.Server, connections: Connections) -> None:
    await server.wait_for_termination()
    await connections.close()
