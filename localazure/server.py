"""Sockets: the TLS server in front of the front door, and the control endpoint's plain one.

Owns: HTTP in and out, the one worker thread. Does not own: the answers (front.py, control.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from concurrent.futures import Executor
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from localazure.front import Answer, Raw

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_TRANSPORT = "localazure.transport"


class App:
    """An ASGI application over a function from Raw to Answer, which runs in the executor's thread."""

    def __init__(self, answer: Callable[[Raw], Answer], executor: Executor) -> None:
        self._answer = answer
        self._executor = executor
        self.asked = time.monotonic()
        """When the last request began."""

    async def __call__(self, scope: Mapping[str, Any], receive: _Receive, send: _Send) -> None:
        self.asked = time.monotonic()
        content = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            content += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        raw = Raw(
            method=scope["method"],
            authority=headers.get("host", ""),
            path=scope["raw_path"].decode("ascii"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            content=content,
        )
        answer = await asyncio.get_running_loop().run_in_executor(self._executor, self._answer, raw)
        if answer.seconds:
            await asyncio.sleep(answer.seconds)
        if answer.wire:
            await _break(answer.wire, scope, receive)
            return
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.content})


async def _break(how: str, scope: Mapping[str, Any], receive: _Receive) -> None:
    """Does to the connection what a fault asks for; a hang ends when the client gives up."""
    if how == "hang":
        while (await receive())["type"] != "http.disconnect":
            pass
    scope["state"][_TRANSPORT].abort()


class _Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the transport within the application's reach: a fault may cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][_TRANSPORT] = self.transport


class Server(uvicorn.Server):
    """A uvicorn server among others in one loop: signals are its owner's business."""

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
