"""The CONNECT proxy: forwards the served hosts to the TLS server, and refuses every other host.

Owns: which names are forwarded. Nothing that passes is read: TLS runs from client to server.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from localazure.certificates import serves
from localazure.home import LOOPBACK

_LARGEST_HEAD = 16 * 1024
_CHUNK = 64 * 1024


async def start_proxy(listener: socket.socket, tls_port: int) -> asyncio.Server:
    """Serves CONNECT on `listener`; the names of the local Azure go to its TLS server on `tls_port`."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            try:
                await _serve(reader, writer, tls_port)
            finally:
                writer.close()

    return await asyncio.start_server(client, sock=listener, limit=_LARGEST_HEAD)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls_port: int) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
    target = rest.rsplit(" ", 1)[0]
    name, _, port = target.rpartition(":")
    if method != "CONNECT":
        await _refuse(writer, f"only CONNECT is served, not {method} {target}")
        return
    if port != "443" or not serves(name):
        await _refuse(writer, f"local Azure does not forward to {target}")
        return
    server_reader, server_writer = await asyncio.open_connection(LOOPBACK, tls_port)
    try:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        ways = [
            asyncio.create_task(_pump(reader, server_writer)),
            asyncio.create_task(_pump(server_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
    finally:
        server_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def _refuse(writer: asyncio.StreamWriter, why: str) -> None:
    # Many clients show the reason phrase only.
    reason = "".join(c if c.isprintable() and c.isascii() else "?" for c in why)[:200]
    body = f"{reason}\n".encode()
    writer.write(
        f"HTTP/1.1 403 {reason}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()
