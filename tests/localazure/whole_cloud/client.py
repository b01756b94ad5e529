"""The way of the whole-cloud machine to a cloud: its front door in this process, on a memory on disk.

It can be killed at any write: the disk is taken as it is at that moment and opened again.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localazure.assembly import make_front
from localazure.control import Control
from localazure.front import Answer, Raw
from localazure.home import Home
from localazure.serve import open_cloud
from tests.support.front import Reply, signer, token

_SERVICES = ("management.azure.com", "vault.azure.net", "cognitiveservices.azure.com")


class _Killed(BaseException):
    """The process ends here."""


class Way:
    """Sends requests with tokens that last. An answer of status 0 got lost."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._images = folder, 0
        later = int(time.time()) + 86400
        self._tokens = {host: token(audience=f"https://{host}", exp=later) for host in _SERVICES}
        self._open(Home(folder / "0"))

    def _open(self, home: Home) -> None:
        home.make()
        self.home, cloud = home, open_cloud(home)
        self.store = cloud.store
        self._front, self._control = make_front(cloud, signer()), Control(cloud, home.secrets())

    def send(self, method: str, url: str, body: Any = None) -> Reply:
        host = urlsplit(url).netloc
        bearer = next(found for name, found in self._tokens.items() if host.endswith(name))
        return _reply(self._front.answer(_raw(method, url, bearer, body)))

    def control(self, path: str, body: Any) -> Any:
        """What the control endpoint answers, which is 200."""
        bearer = self.home.secrets()["control"]
        reply = _reply(self._control.answer(_raw("POST", f"http://127.0.0.1{path}", bearer, body)))
        assert reply.status == 200, reply
        return reply.body

    def kill(self) -> None:
        """Ends the server without warning and starts it on the same memory."""
        self._reopen(self._image())

    def kill_during(self, method: str, url: str, after_writes: int) -> None:
        """Kills it while it carries out a request, and starts it again; whether it was done is open."""
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


def _raw(method: str, url: str, bearer: str, body: Any) -> Raw:
    parts = urlsplit(url)
    headers = {"host": parts.netloc, "authorization": f"Bearer {bearer}"}
    content = b"" if body is None else json.dumps(body).encode()
    return Raw(method, parts.netloc, parts.path, parts.query, headers, content)


def _reply(answer: Answer) -> Reply:
    if answer.wire:
        return Reply(0, {}, None)
    return Reply(answer.status, dict(answer.headers), json.loads(answer.content) if answer.content else None)
