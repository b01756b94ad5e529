"""Commands that other processes name, in forks of one Python whose imports are done, and a language host for
the engines that they run: `python -m operate.forks DESCRIPTOR PROCESS IMPORTED`.

Owns: the conversations, on the listening socket of DESCRIPTOR. Whoever connects sends the descriptors of its
output, then a line of JSON: what it takes to be imported here, and the environment of its commands. Where
that is not IMPORTED, the answer is none, and all ends. Else the answer is a line with the variables that an
engine needs, which are none where Pulumi's own language host is found; each line then names a command, as a
JSON list of what follows `python -u`, and is answered by its exit code. A conversation ends, with all that it
runs, when the other side ends it; and all ends with
PROCESS. Does not own: forks (engine/warm.py), and the language host (fleet/warm.py).
"""

from __future__ import annotations

import functools
import json
import os
import selectors
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from engine.children import Children
from operate.fleet.warm import MODULES, is_official_host_found, language_host, warm_python

_COMMANDS = ("operate.verify",)
# A module that is a command itself is not among them: Python warns of a second one of its name.
_HELLO_SECONDS = 5


def serve(listener: socket.socket, process: int, imported: str) -> None:
    """Answers until the process ends, or somebody has other code; conversations go on to their own end."""
    conversations = []
    with listener, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(os.pidfd_open(process), selectors.EVENT_READ)
        while [key.fileobj for key, _ in selector.select()] == [listener]:
            one = CommandConnection(listener.accept()[0])
            if one.imported != imported:
                one.end()
                if one.imported:
                    break
                continue
            conversations.append(threading.Thread(target=one.hold))
            conversations[-1].start()
    for conversation in conversations:
        conversation.join()


class CommandConnection:
    """A conversation with one process; `imported` is empty where that has gone already."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._lines = connection, connection.makefile()
        self._outputs: list[int] = []
        self._environ: Mapping[str, str] = {}
        self.imported = ""
        connection.settimeout(_HELLO_SECONDS)
        with suppress(OSError, ValueError):
            self._outputs = socket.recv_fds(connection, 1, 2)[1]
            hello = json.loads(self._lines.readline())
            self.imported, self._environ = hello["imported"], hello["environ"]
        connection.settimeout(None)

    def hold(self) -> None:
        """Answers until the other side ends it, and ends what still runs."""
        checkout = Path.cwd()
        # Pulumi's own language host is preferred: what it starts is no fork.
        own = is_official_host_found(self._environ)
        modules = _COMMANDS if own else (*MODULES, *_COMMANDS)
        with ExitStack() as attached:
            host = language_host(self._environ, checkout, modules, self._outputs)
            self._tell(json.dumps({} if own else attached.enter_context(host)))
            warm = warm_python(checkout, modules)
            children = Children(functools.partial(warm.start, outputs=self._outputs))
            for line in self._lines:
                threading.Thread(target=self._run, args=(children, json.loads(line)), daemon=True).start()
            children.end_all()
        self.end()

    def _run(self, children: Children, words: Sequence[str]) -> None:
        command = [sys.executable, "-u", *words]
        try:
            with children.run(command, cwd=str(Path.cwd()), env=self._environ, read_output=False) as child:
                code = child.wait()
        except OSError:  # their Python was killed: whoever asks next starts another
            os._exit(1)
        self._tell(str(code))

    def _tell(self, line: str) -> None:
        with suppress(OSError):  # it has gone
            self._connection.sendall(f"{line}\n".encode())

    def end(self) -> None:
        """Closes what the other side sent."""
        self._lines.close()
        self._connection.close()
        for output in self._outputs:
            os.close(output)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3])
