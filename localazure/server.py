"""Sockets: the TLS server in front of the front door, and the control endpoint's plain one.

Owns: HTTP in and out. Does not own: the answers (front.py, control.py).
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from localazure.front import LARGEST, Answer, Raw

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_TRANSPORT = "localazure.transport"
_PASSED_OVER_SECONDS = 60.0


class App:
    """An ASGI application over a function from Raw to Answer. One request is answered after another: a
    thread for them would only pass each from hand to hand."""

    def __init__(self, answer: Callable[[Raw], Answer]) -> None:
        self._answer = answer
        self.asked = time.monotonic()
        """When the last request began."""

    async def __call__(self, scope: Mapping[str, Any], receive: _Receive, send: _Send) -> None:
        self.asked = time.monotonic()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body, content = _Body(receive), bytearray()
        too_large = int(headers.get("content-length", "0")) > LARGEST
        while body.more and not too_large:
            content += await body.read()
            too_large = len(content) > LARGEST
        if body.gone:
            return
        raw = Raw(
            method=scope["method"],
            authority=headers.get("host", ""),
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            content=b"" if too_large else bytes(content),
            too_large=too_large,
        )
        answer = self._answer(raw)
        if answer.seconds:
            await asyncio.sleep(answer.seconds)
        if answer.wire:
            await _break(answer.wire, scope, receive)
            return
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        if body.more:
            pairs.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.content, "more_body": body.more})
        if body.more:
            await _pass_over(body, headers)
            await send({"type": "http.response.body", "body": b""})


class _Body:
    """The body of a request as it comes in: `more` is still to come, unless the client is `gone`."""

    def __init__(self, receive: _Receive) -> None:
        self._receive = receive
        self.more, self.gone = True, False

    async def read(self) -> bytes:
        message = await self._receive()
        self.gone = message["type"] == "http.disconnect"
        self.more = not self.gone and bool(message.get("more_body"))
        return bytes(message.get("body", b""))


async def _pass_over(body: _Body, headers: Mapping[str, str]) -> None:
    """Reads what still comes of a body that was refused, and keeps nothing: a client that is still sending
    loses the answer if its connection is closed. One that first asks whether it may send has sent nothing."""
    if "expect" in headers:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PASSED_OVER_SECONDS):
            while body.more:
                await body.read()


async def _break(how: str, scope: Mapping[str, Any], receive: _Receive) -> None:
    """Does to the connection what a fault asks for; a hang ends when the client gives up."""
    if how == "hang":
        while (await receive())["type"] != "http.disconnect":
            pass
    scope["state"][_TRANSPORT].abort()


class BufferedTransport:
    """A transport that sends all that is written in one turn of the loop together: uvicorn writes the head
    and the body of an answer one after the other, and each send costs a tenth of a call. What is written is
    lost where the connection was lost before the end of the turn."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._written:
            asyncio.get_running_loop().call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        written, self._written = self._written, []
        if written and not self._transport.is_closing():
            self._transport.write(b"".join(written))


class _Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the transport within the application's reach: a fault may cut it.

    `ended` is set when the connection is lost. Data may come before `connection_made` where TLS begins on a
    connection that was the proxy's: a client sends its first request with the end of its handshake.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.ended = asyncio.Event()
        self._early = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # It has the methods that uvicorn calls.
        super().connection_made(BufferedTransport(transport))  # type: ignore[arg-type]
        if self._early:
            self.data_received(self._early)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        if self.transport is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport is None:
            self._early += data
            return
        # A client keeps a request's body until the head is acknowledged (Nagle), which Linux does after 40 ms
        # unless it is told to do it now.
        if hasattr(socket, "TCP_QUICKACK"):
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][_TRANSPORT] = self.transport


class Server(uvicorn.Server):
    """A uvicorn server among others in one loop: signals are its owner's business."""

    async def adopt(self, transport: asyncio.WriteTransport) -> None:
        """Serves a connection that is open already, from its TLS handshake to its end. Raises OSError."""
        config = self.config
        protocol = _Protocol(config=config, server_state=self.server_state, app_state=self.lifespan.state)
        loop, context = asyncio.get_running_loop(), config.ssl
        if context is None:
            raise TypeError("this server has no certificate")
        secured = await loop.start_tls(transport, protocol, context, server_side=True)
        if secured is not None:
            protocol.connection_made(secured)
            await protocol.ended.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def make_server(app: App, context: ssl.SSLContext | None) -> Server:
    """A server for `app`, with TLS where a context is given; its sockets come with `serve`."""
    return Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            # The cloud has a clock of its own (front.py).
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            backlog=1024,
            ssl_context_factory=None if context is None else lambda _, __: context,
        )
    )
