"""Two ways to the same cloud for the whole-cloud machine: its server in this process, and a real one.

Both can be killed: here the disk is taken as it is at that moment and opened again, there it is SIGKILL.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from localazure import process
from localazure.assembly import make_front
from localazure.control import Control
from localazure.home import Home
from localazure.serve import open_cloud
from localazure.server import App
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure
from tests.support.front import signer
from tests.support.front import token as door_token

AUDIENCES = {
    "management.azure.com": "https://management.azure.com",
    "vault.azure.net": "https://vault.azure.net",
    "cognitiveservices.azure.com": "https://cognitiveservices.azure.com",
}


@dataclass(frozen=True)
class Reply:
    """A status, headers by their lower-case names, and the decoded body."""

    status: int
    headers: dict[str, str]
    body: Any


class Way(Protocol):
    """How the machine reaches a cloud. `control` is the control endpoint, which answers 200 or fails.

    `lives` is how often it can still be killed.
    """

    lives: int

    def send(self, method: str, url: str, body: Any = None) -> Reply: ...

    def control(self, path: str, body: Any) -> Any: ...

    def kill(self) -> None:
        """Ends the server without warning and starts it on the same memory."""

    def kill_during(self, method: str, url: str, after_writes: int) -> None:
        """Kills it while it carries out a request, and starts it again; whether it was done is open."""

    def close(self) -> None: ...


class _Killed(BaseException):
    """The process ends here."""


class _AtOnce(Executor):
    """Runs what it is given before it returns: one thread is enough here."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(call(*arguments, **more))
        return future


class InProcess:
    """The server's ASGI applications in this process, on a memory on disk."""

    def __init__(self, folder: Path) -> None:
        self.lives = sys.maxsize
        self._folder, self._images = folder, 0
        self._loop = asyncio.new_event_loop()
        later = int(time.time()) + 86400
        self._tokens = {host: door_token(audience=name, exp=later) for host, name in AUDIENCES.items()}
        self._open(Home(folder / "0"))

    def _open(self, home: Home) -> None:
        home.make()
        self.home, cloud = home, open_cloud(home)
        self.store = cloud.store
        self._arm = App(make_front(cloud, signer()).answer, _AtOnce())
        self._control = App(Control(cloud, home.secrets()).answer, _AtOnce())

    def send(self, method: str, url: str, body: Any = None) -> Reply:
        host = urlsplit(url).netloc
        bearer = next(found for name, found in self._tokens.items() if host.endswith(name))
        return self._call(self._arm, method, url, bearer, body)

    def control(self, path: str, body: Any) -> Any:
        reply = self._call(
            self._control, "POST", f"http://127.0.0.1{path}", self.home.secrets()["control"], body
        )
        assert reply.status == 200, reply
        return reply.body

    def kill(self) -> None:
        self._reopen(self._image())

    def kill_during(self, method: str, url: str, after_writes: int) -> None:
        image: list[Home] = []
        write, left = self.store.put, after_writes

        def put(kind: str, id: str, body: Any) -> None:
            nonlocal left
            write(kind, id, body)
            left -= 1
            if left <= 0:
                image.append(self._image())
                raise _Killed

        self.store.put = put  # type: ignore[method-assign]
        with suppress(_Killed):
            self.send(method, url)
        self._reopen(image[0] if image else self._image())

    def close(self) -> None:
        self.store.close()
        self._loop.close()

    def _image(self) -> Home:
        """The disk as a killed process leaves it."""
        self._images += 1
        image = Home(self._folder / str(self._images))
        shutil.copytree(self.home.path, image.path, ignore=shutil.ignore_patterns("*-shm"))
        return image

    def _reopen(self, image: Home) -> None:
        # What the dead process had open is thrown away; it need not reach the disk.
        self.store._db.execute("PRAGMA synchronous=OFF")
        self.store.close()
        shutil.rmtree(self.home.path)
        self._open(image)

    def _call(self, app: App, method: str, url: str, bearer: str, body: Any) -> Reply:
        parts = urlsplit(url)
        headers = {"host": parts.netloc, "authorization": f"Bearer {bearer}"}
        scope = {
            "method": method,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "state": {"localazure.transport": _Cut()},
        }
        content = b"" if body is None else json.dumps(body).encode()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content}

        async def send(message: Any) -> None:
            sent.append(message)

        self._loop.run_until_complete(app(scope, receive, send))
        if not sent:
            return Reply(0, {}, None)
        head, tail = sent
        answered = {name.decode(): value.decode() for name, value in head["headers"]}
        return Reply(head["status"], answered, json.loads(tail["body"]) if tail["body"] else None)


class _Cut:
    """A connection that a fault may break: then nothing is sent."""

    def abort(self) -> None:
        pass


@dataclass
class RealProcess:
    """A local Azure in a process of its own, reached over TLS through its proxy. A start takes its time."""

    azure: RunningAzure
    lives: int
    _clients: dict[str, Client] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, url: str, body: Any = None) -> Reply:
        parts = urlsplit(url)
        client = self._clients.get(parts.netloc) or self._client(parts.netloc)
        try:
            return Reply(*client.exchange(method, f"{parts.path}?{parts.query}", body))
        except (OSError, HTTPException):
            self._clients.pop(parts.netloc).close()
            return Reply(0, {}, None)

    def control(self, path: str, body: Any) -> Any:
        return self.azure.control(path, body)

    def kill(self) -> None:
        self.lives -= 1
        self.azure.restart(kill=True)
        self.close()

    def kill_during(self, method: str, url: str, after_writes: int) -> None:
        sender = threading.Thread(target=self.send, args=(method, url))
        sender.start()
        sender.join(after_writes / 1000)
        process.stop(self.azure.home, kill=True)
        sender.join()
        self.kill()

    def close(self) -> None:
        while self._clients:
            self._clients.popitem()[1].close()

    def _client(self, host: str) -> Client:
        name = next(name for name in AUDIENCES if host.endswith(name))
        if name not in self._tokens:
            self._tokens[name] = token(self.azure.env, AUDIENCES[name])
        return self._clients.setdefault(host, Client(self.azure.env, host, self._tokens[name]))
