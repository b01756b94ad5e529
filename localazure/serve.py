"""One local Azure, running: everything that listens, put together and taken down in order."""

import asyncio
import logging
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import IO

from localazure import operations, seed
from localazure.assembly import make_front
from localazure.certificates import ensure_certificates, server_context
from localazure.cloud import Cloud
from localazure.control import Control
from localazure.environment import environment, onward_of
from localazure.home import Home, HomeError, bind, digest, write_private
from localazure.keyvault import crypto
from localazure.proxy import Onward, start_proxy
from localazure.server import App, make_server
from localazure.standin.server import serve as serve_standin
from localazure.store import Store
from localazure.tokens import Signer, new_key

_log = logging.getLogger("localazure")
_held: list[IO[str]] = []


def open_cloud(home: Home) -> Cloud:
    """The cloud of a home with its seeds planted. Raises HomeError where its memory cannot be read."""
    home.database.touch(mode=0o600)
    try:
        cloud = Cloud(Store(home.database))
        with cloud.store.transaction():
            seed.plant(cloud, home.secrets())
            operations.forget_expired(cloud)
    except (sqlite3.DatabaseError, ValueError) as error:
        raise HomeError(
            f"the memory in {home.database} cannot be read ({error}); "
            "`python -m localazure reset` starts again with an empty cloud"
        ) from error
    return cloud


def open_signer(home: Home) -> Signer:
    """The signer of tokens with the home's key; makes a new key if there is none, or no valid one."""
    with suppress(FileNotFoundError, ValueError):
        return Signer(home.signing_key.read_bytes())
    write_private(home.signing_key, new_key().decode())
    return Signer(home.signing_key.read_bytes())


async def serve(home: Home, *, until_eof: bool = False, idle: float | None = None) -> None:
    """Serves a home until SIGTERM or SIGINT; with `until_eof` also until standard input ends, with `idle`
    until so many seconds after the last request. Raises HomeError if another process serves the home."""
    home.make()
    if (lock := home.lock()) is None:
        raise HomeError(f"another process serves {home.path}")
    # Kept to the end of the process: a free lock means that nothing is running.
    _held.append(lock)
    crypto.ahead.wanted = True
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_eof:
        loop.add_reader(sys.stdin, _stop_at_end, loop, stop)
    ensure_certificates(home)
    cloud = open_cloud(home)
    try:
        await _listen(home, cloud, stop, idle)
    finally:
        cloud.store.close()


def _stop_at_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin)
        stop.set()


async def _idle(apps: Iterable[App], seconds: float) -> None:
    left = seconds
    while left > 0:
        await asyncio.sleep(left)
        left = max(app.asked for app in apps) + seconds - time.monotonic()


async def _listen(home: Home, cloud: Cloud, stop: asyncio.Event, idle: float | None) -> None:
    wanted = home.ports()
    listeners = {name: bind(wanted.get(name, 0)) for name in ("tls", "proxy", "control")}
    ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
    front, control = make_front(cloud, open_signer(home)), Control(cloud, home.secrets(), digest())
    apps = App(front.answer), App(control.answer)
    servers = {"tls": make_server(apps[0], server_context(home)), "control": make_server(apps[1], None)}
    running = [asyncio.create_task(servers["tls"].serve(sockets=[listeners["tls"]]))]
    proxy = await start_proxy(listeners["proxy"], servers["tls"].adopt, Onward(*onward_of(os.environ)))
    # Found free first: gRPC binds with SO_REUSEPORT, and would share the port of another one silently.
    with bind(wanted.get("azure-native", 0)) as free:
        address = "{}:{}".format(*free.getsockname())
    native = await serve_standin(
        address, environment(home, ports), pins_keys=lambda: cloud.behaviour.azure_native_keys == "pinned"
    )
    ports["azure-native"] = native.port
    home.remember_ports(ports)
    # The control endpoint comes last: its health says that all the others are there.
    running.append(asyncio.create_task(servers["control"].serve(sockets=[listeners["control"]])))
    _log.info("serving %s on ports %s", home.path, ports)
    ending = [stop.wait(), *([] if idle is None else [_idle(apps, idle)])]
    ends = [asyncio.create_task(one) for one in ending]
    await asyncio.wait([*ends, *running], return_when=asyncio.FIRST_COMPLETED)
    await native.stop(0.5)
    proxy.close()
    for server in servers.values():
        server.should_exit = True
    await asyncio.gather(*running)
    _log.info("stopped")
