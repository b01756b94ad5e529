"""The Python commands of a word, and the programs of its engine, in forks of one Python that stays beside the
local Azure: its imports are most of what a word takes where nothing changed.

Owns: that it is this checkout's, as the files are now, and nobody else's: its socket is in the home, which is
the user's alone, and whoever asks says which code and environment they mean. Does not own: what runs there
(`python -m operate.forks`), nor which commands there are (checkout.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from localazure.digest import digest
from localazure.home import Home

_IMPORTED = ("components", "core", "engine", "operate", "policies", "provider", "settings")
_NOT_COMPARED = ("_", "OLDPWD", "SHLVL")
"""What a shell changes between two commands."""


class Forks:
    """A word's conversation with that Python: begun at once, and ready when it is first asked. Linux only, as
    forks are."""

    def __init__(self, home: Home, python: Path, root: Path, environ: Mapping[str, str]) -> None:
        which = imported(root, environ)
        self._hello = json.dumps({"imported": which, "environ": dict(environ)})
        with _address(home) as address:
            with suppress(OSError):
                self._connect(address)
                self.variables()
                if self._there:
                    return
                self.close()
            command = [str(python), "-m", "operate.forks"]
            with _listener(address) as listener, home.log.open("ab") as log:
                subprocess.Popen(
                    [*command, str(listener.fileno()), str(home.serving()), which],
                    cwd=root,
                    env=dict(environ),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,  # Ctrl-C is the engine's: its program outlives it
                )
                self._connect(address)

    def _connect(self, address: str) -> None:
        self._variables: dict[str, str] | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.connect(address)
        except OSError:
            self._connection.close()
            raise
        self._answers = self._connection.makefile()
        with suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._connection, [b"."], [1, 2])
            self._say(self._hello)

    def variables(self) -> dict[str, str]:
        """What lets an engine use the forks; empty where there are none, or it has a host of its own."""
        if self._variables is None:
            answer = self._answer()
            self._there, self._variables = bool(answer), json.loads(answer or "{}")
        return self._variables

    def run(self, words: Sequence[str]) -> int | None:
        """The exit code of `python WORDS`, whose output goes where this process's goes; None where the forks
        are gone."""
        self.variables()
        with suppress(BrokenPipeError, ConnectionResetError):
            self._say(json.dumps(words))
        answer = self._answer()
        return int(answer) if answer else None

    def close(self) -> None:
        """Ends what still runs for this word."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._answer()
        self._answers.close()
        self._connection.close()

    def _say(self, line: str) -> None:
        self._connection.sendall(f"{line}\n".encode())

    def _answer(self) -> str:
        with suppress(ConnectionResetError):
            return self._answers.readline()
        return ""


def imported(root: Path, environ: Mapping[str, str]) -> str:
    """What decides about what an import finds: the code of the checkout at `root`, its packages and the
    environment. Settings are read by each command anew."""
    found = hashlib.sha256()
    for folder in _IMPORTED:
        found.update(digest(root / folder).encode())
    for installed in sorted((root / ".venv").glob("lib/*/site-packages")):
        found.update(f"{installed} {installed.stat().st_mtime_ns}".encode())
    compared = {name: value for name, value in environ.items() if name not in _NOT_COMPARED}
    found.update(json.dumps([str(root), compared], sort_keys=True).encode())
    return found.hexdigest()


def _listener(address: str) -> socket.socket:
    """Listens before the Python is there, so that nobody has to try again; in the place of another one."""
    Path(address).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    return listener


@contextmanager
def _address(home: Home) -> Iterator[str]:
    """Where the socket is, by its folder's descriptor: an address has room for 107 bytes."""
    folder = os.open(home.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/forks.sock"
    finally:
        os.close(folder)
