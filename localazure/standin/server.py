"""Serves the stand-in on loopback for engines that attach with PULUMI_DEBUG_PROVIDERS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import grpc

from localazure.standin.arm import Delays
from localazure.standin.azure import Azure, HttpsAzure, Login
from localazure.standin.connections import Connections
from localazure.standin.protocol import provider_pb2_grpc
from localazure.standin.servicer import AzureNative

MOST_BYTES = 400 * 1024 * 1024
"""The engine's own limit for a message."""


@dataclass(frozen=True)
class Serving:
    """A started server, on its port."""

    server: grpc.aio.Server
    connections: Connections
    port: int

    async def stop(self, grace: float | None) -> None:
        """Ends the server, requests under way after `grace` seconds, and every connection to Azure."""
        await self.server.stop(grace)
        await self.connections.close()


async def serve(
    address: str,
    environ: Mapping[str, str],
    open_azure: Callable[[Login], Azure] | None = None,
    delays: Delays | None = None,
    pins_keys: Callable[[], bool] = lambda: False,
) -> Serving:
    """Serves at `address`, which is `host:port`; port 0 takes a free one.

    `environ` gives HTTPS_PROXY and SSL_CERT_FILE for the way to Azure, and the ARM_* service principal where
    a provider's config has none. `open_azure` replaces the way to Azure; `pins_keys` is as for `Arm`. OSError
    if the port is taken.
    """
    connections = Connections(
        open_azure or (lambda login: HttpsAzure(login, environ)), delays or Delays(), pins_keys
    )
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
    return Serving(server, connections, port)
