"""The platforms' own HTTP endpoints on loopback, and their runners' tools, as far as our scripts use them.

Owns: recording what was asked. Does not own: the answers, which a test gives.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request. `path` has the query; `body` is the JSON that was sent, None where there was none."""

    method: str
    path: str
    authorization: str
    body: Any


@dataclass
class Platform:
    """Answers a GET or a query with `answer` as JSON, the rest with an empty object; `status` is of all. A
    function answers by itself, from the path and what was sent, with a status and a text."""

    answer: Any
    status: int = 200
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(answer: Any, status: int = 200) -> Iterator[Platform]:
    """A platform at `url`, such as http://127.0.0.1:1234/, until the end of the block."""
    platform = Platform(answer, status)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if callable(platform.answer):
                self.reply(*platform.answer(self.path, sent.decode()))
                return
            authorization = self.headers.get("Authorization", "")
            body = json.loads(sent) if sent else None
            platform.asked.append(Asked(self.command, self.path, authorization, body))
            # A query of work items is a POST.
            asks = self.command == "GET" or "/wiql" in self.path
            self.reply(platform.status, json.dumps(platform.answer if asks else {}))

        def reply(self, status: int, text: str) -> None:
            found = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        do_POST = do_PATCH = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """A test's output is the scripts' own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform.url = f"http://127.0.0.1:{server.server_port}/"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def recorded_tool(folder: Path, name: str, then: str = "") -> str:
    """A PATH on which `name` keeps its arguments in `folder`/NAME.asked, then is the real tool, or `then`."""
    then = then or f'exec {shutil.which(name)} "$@"'
    tool = folder / "bin" / name
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f'#!/bin/bash\necho "$@" >>{folder}/{name}.asked\n{then}\n')
    tool.chmod(0o755)
    return f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
