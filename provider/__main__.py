"""The plugin's entry point: `python -u provider ENGINE_ADDRESS`. Standard output carries the port
and nothing else."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    # Ctrl-C in a terminal reaches a plugin, too: no traceback while it still imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # until `collect_seldom`: imports leave no garbage

if not __package__:
    # Started by its folder, which would be first, and its modules would be found without their package.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from core import stubs

stubs.load()

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from core.engine_watch import end_with_engine
from core.garbage import collect_seldom
from provider.host import Host

_GRACE_SECONDS = 5.0
_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes, as the engine takes them (pulumi 3.259, sdk/go/common/util/rpcutil/serve.go). gRPC's own limit of
4 MiB is the question about some 200 services."""


async def serve(engine_address: str) -> None:
    """Serves the engine on a loopback port until it closes this process."""
    # Without a handler Python writes the clients' warnings to standard error, and the engine shows them
    # beside the error, which says the same better.
    logging.getLogger().addHandler(logging.NullHandler())
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)])
    host = Host(engine_address=engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    interrupted = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no such handlers, and sends no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    # Whoever reads it may end this process at once.
    print(port, flush=True)
    ended = [
        asyncio.ensure_future(waiting) for waiting in (interrupted.wait(), server.wait_for_termination())
    ]
    await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
    # As the engine's own Cancel: every wait ends at once, and what was begun at Azure gets into the state.
    await host.Cancel(None, None)
    await server.stop(_GRACE_SECONDS)


if __name__ == "__main__":
    collect_seldom()
    end_with_engine(sys.argv[1:])
    asyncio.run(serve(next((arg for arg in sys.argv[1:] if not arg.startswith("-")), "")))
    # The engine waits for this end, and nothing is left to write: Python need not take its modules down.
    os._exit(0)
