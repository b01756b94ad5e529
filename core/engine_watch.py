"""Ends a plugin whose engine has ended without a word."""

import signal
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

_PAUSE_SECONDS: Final = 2.0


def end_with_engine(arguments: Sequence[str]) -> None:
    """Sends this process SIGINT, as Ctrl-C does, once nobody listens at the engine's address, the first of
    the command line's `arguments` that is no option. Without one it does nothing.

    An engine that is killed closes none of its plugins, and a language host that is killed none of those it
    started. An open connection tells at once, on each system. The engine hears nothing on it and closes it
    after two minutes (ConnectionTimeout of grpc-go; seen with Pulumi 3.259); then it is opened again.
    """
    host, _, port = next((one for one in arguments if not one.startswith("-")), "").rpartition(":")
    if not port.isdigit():
        return

    def watch() -> None:
        while True:
            try:
                engine = socket.create_connection((host, int(port)))
            except OSError:
                signal.raise_signal(signal.SIGINT)
                return
            with engine, suppress(OSError):
                while engine.recv(1024):
                    pass
            time.sleep(_PAUSE_SECONDS)

    threading.Thread(target=watch, name="engine", daemon=True).start()
