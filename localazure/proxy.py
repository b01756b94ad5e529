"""The CONNECT proxy: forwards the served hosts to the TLS server, refuses every other name of Microsoft's
clouds, and lets the rest through as it would have gone without it.

So a token for Azure cannot leave the machine, while pip, npm, git and `pulumi package add` still reach their
registries, directly or by the proxy of the shell that started the local Azure. Every user of the machine can
connect, so the local Azure holds no login for that proxy: it passes on the login that the client sends. Owns:
which names are forwarded. It cannot read what it forwards, because TLS runs from client to server.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from localazure.certificates import serves
from localazure.national_clouds import FACTS

_LARGEST_HEAD = 16 * 1024
_CHUNK = 64 * 1024
_CONNECT_SECONDS = 30.0
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_MICROSOFT: Sequence[str] = FACTS["microsoft"]
"""The names under which Microsoft's clouds, their logins and their tokens are."""
_REGISTRIES = ("dev.azure.com",)
"""Package feeds and repositories of Azure DevOps: their name is Azure's, but they are no part of it."""


class LoginWantedError(OSError):
    """The user's own proxy requires a login. `challenges` are its Proxy-Authenticate lines."""

    def __init__(self, why: str, challenges: Sequence[bytes]) -> None:
        super().__init__(why)
        self.challenges = challenges


@dataclass(frozen=True)
class Onward:
    """How to reach names that are not Microsoft's: by the proxy `proxy` (`http://host:port`), except the
    names in `direct`, which has the form of NO_PROXY. Without a proxy, directly."""

    proxy: str = ""
    direct: str = ""

    async def connect(
        self, name: str, port: str, login: Sequence[bytes]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects to a name. `login` are the client's Proxy-Authorization lines. Raises OSError if that
        fails."""
        past = [one.strip().lstrip("*.") for one in self.direct.split(",")]
        if not self.proxy or self.direct.strip() == "*" or _is_below(name, [one for one in past if one]):
            return await asyncio.wait_for(asyncio.open_connection(name, int(port)), _CONNECT_SECONDS)
        address = urlsplit(self.proxy)
        way = await asyncio.wait_for(
            asyncio.open_connection(address.hostname, address.port or 80), _CONNECT_SECONDS
        )
        lines = [f"CONNECT {name}:{port} HTTP/1.1".encode(), f"Host: {name}:{port}".encode(), *login]
        way[1].write(b"\r\n".join([*lines, b"", b""]))
        head = await asyncio.wait_for(way[0].readuntil(b"\r\n\r\n"), _CONNECT_SECONDS)
        status = head.split(b" ", 2)[1:2]
        if status != [b"200"]:
            way[1].close()
            why = f"the proxy {address.hostname} answers {head.splitlines()[0].decode('latin-1')}"
            if status == [b"407"]:
                raise LoginWantedError(why, _lines(head, b"proxy-authenticate"))
            raise OSError(why)
        return way


def _lines(head: bytes, name: bytes) -> list[bytes]:
    """The lines of a header that have this field name."""
    return [line for line in head.split(b"\r\n")[1:] if line.lower().startswith(name + b":")]


def is_let_through(name: str) -> bool:
    """Whether a name that is not served is no part of a cloud of Microsoft's. An address is never let
    through: what is behind it cannot be known."""
    plain = name.lower().rstrip(".")
    if _is_below(plain, _REGISTRIES):
        return True
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(plain.strip("[]"))
        return False
    return "." in plain and not _is_below(plain, _MICROSOFT)


def _is_below(name: str, suffixes: Sequence[str]) -> bool:
    return any(name == suffix or name.endswith(f".{suffix}") for suffix in suffixes)


Adopt = Callable[[asyncio.WriteTransport], Awaitable[None]]
"""Serves a connection from its TLS handshake to its end."""


async def start_proxy(listener: socket.socket, adopt: Adopt, onward: Onward | None = None) -> asyncio.Server:
    """Serves CONNECT on `listener`; `adopt` serves those to the names of the local Azure."""
    beyond = onward or Onward()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            try:
                await _serve(reader, writer, adopt, beyond)
            finally:
                writer.close()

    return await asyncio.start_server(client, sock=listener, limit=_LARGEST_HEAD)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, adopt: Adopt, onward: Onward
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
    target = rest.rsplit(" ", 1)[0]
    name, _, port = target.rpartition(":")
    if method != "CONNECT":
        await _refuse(writer, f"only CONNECT is served, not {method} {target}")
        return
    if port == "443" and serves(name):
        writer.write(_ESTABLISHED)
        await adopt(writer.transport)
        return
    try:
        if port.isdigit() and is_let_through(name):
            server_reader, server_writer = await onward.connect(
                name, port, _lines(head, b"proxy-authorization")
            )
        else:
            await _refuse(writer, f"local Azure does not forward to {target}")
            return
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        challenges = error.challenges if isinstance(error, LoginWantedError) else ()
        await _refuse(writer, f"{target} cannot be reached ({error})", challenges)
        return
    try:
        writer.write(_ESTABLISHED)
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


async def _refuse(writer: asyncio.StreamWriter, why: str, challenges: Sequence[bytes] = ()) -> None:
    # Many clients show the reason phrase only.
    reason = "".join(c if c.isprintable() and c.isascii() else "?" for c in why)[:200]
    body = f"{reason}\n".encode()
    lines = [
        f"HTTP/1.1 {407 if challenges else 403} {reason}".encode(),
        b"Content-Type: text/plain",
        f"Content-Length: {len(body)}".encode(),
        *challenges,
        b"Connection: close",
    ]
    writer.write(b"\r\n".join([*lines, b"", body]))
    await writer.drain()
