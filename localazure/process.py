"""Starting and stopping the serving process of a home, and asking it how it is."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from localazure.environment import ONWARD, environment, login_of, onward_of, python_of, without_outside
from localazure.home import FOLDER, LOOPBACK, Home, HomeError, digest

_LARGEST_LOG = 5 * 1024 * 1024
_PATIENCE_SECONDS = 20.0
_STEP_SECONDS = 0.02


class Start(StrEnum):
    """The line that a start prints; `{}` stands for the time that it took."""

    STARTED = "started in {}"
    RESTARTED = "restarted in {}, since it ran other code than this"
    NOTHING = "already running"


def healthy(home: Home) -> bool:
    """Whether the process that serves this home answers at its control endpoint."""
    return _serving(home) is not None


def _serving(home: Home) -> tuple[int, str] | None:
    """The id of the process that serves this home, and the digest of its code; None where none does."""
    pid = home.serving()
    if pid is None or "control" not in home.ports():
        return None
    try:
        answer = _asked(home, "GET", "/health")
    except HomeError:
        return None
    return (pid, str(answer.get("code", ""))) if answer.get("pid") == pid else None


def _asked(home: Home, method: str, path: str, **headers: str) -> dict[str, Any]:
    """The answer of a home's control endpoint. Raises HomeError if it is no object."""
    connection = http.client.HTTPConnection(LOOPBACK, home.ports()["control"], timeout=5)
    try:
        connection.request(method, path, headers=headers)
        return dict(json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        raise HomeError(f"the local Azure does not answer {path} ({error!r}); see {home.log}") from error
    finally:
        connection.close()


_inputs: dict[Path, IO[bytes]] = {}
"""By home: the open standard input of each server that ends with this process."""


def start(home: Home, *, ends_with_caller: bool = False) -> Start:
    """Starts serving a home in the background and waits until the server answers. `ends_with_caller`: the
    server ends when this process ends, even if that is killed.

    A process that serves it with other code than this is stopped before: the answers would be those of the
    code that was there when it started. Raises HomeError, with the end of the log, where it does not come up.
    """
    home.make()
    done, running = Start.STARTED, _serving(home)
    if running is not None:
        pid, code = running
        if code == digest():
            return Start.NOTHING
        # Only this process: another one may have replaced it by now.
        stop(home, only=pid)
        done = Start.RESTARTED
    if home.log.exists() and home.log.stat().st_size > _LARGEST_LOG:
        home.log.unlink()
    # The server answers anyone on this machine, so it gets no login of the user's.
    proxy, direct = onward_of(os.environ)
    onward = dict(zip(ONWARD, (login_of(proxy)[1], direct), strict=True))
    with home.log.open("ab") as log:
        home.log.chmod(0o600)
        begin = log.tell()
        command = [_interpreter(), "-m", "localazure", "serve", "--home", str(home.path)]
        child = subprocess.Popen(
            [*command, *(["--until-eof"] if ends_with_caller else [])],
            cwd=FOLDER,
            stdin=subprocess.PIPE if ends_with_caller else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**without_outside(os.environ), **onward},
            start_new_session=True,
        )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if serving := _serving(home):
            if serving[0] != child.pid:
                # Another start was first. This server would begin to serve as soon as that one is stopped.
                _end(child)
            elif child.stdin:
                _inputs[home.path] = child.stdin
            return done
        if child.poll() is not None and home.serving() is None:
            break
        time.sleep(_STEP_SECONDS)
    else:
        _end(child)
    with home.log.open("rb") as log:
        log.seek(begin)
        said = log.read().decode("utf-8", "replace").strip()
    last = said.splitlines()[-1].removeprefix("local Azure: ") if said else ""
    raise HomeError(last or f"the local Azure did not start; see {home.log}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def _interpreter() -> str:
    """A Python that has the server's packages: this one, else the checkout's. Raises HomeError."""
    if find_spec("uvloop"):
        return sys.executable
    own = python_of(FOLDER)
    if not own.exists():
        raise HomeError("its packages are not installed yet; run `python3 -m localazure setup` first")
    return str(own)


def stop(home: Home, *, kill: bool = False, only: int | None = None) -> bool:
    """Ends the process that serves a home, with SIGKILL if it must be; False where there was none.

    With `only`, no process but this one.
    """
    pid = home.serving()
    if not pid or pid != (only or pid):
        return False
    for number, patience in ((signal.SIGKILL if kill else signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if home.serving() != pid:
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)
                _inputs.pop(home.path, None)
                return True
            time.sleep(_STEP_SECONDS)
    raise HomeError(f"process {pid} that serves {home.path} does not end")


def environment_of(home: Home, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that make clients use the running local Azure, for a shell with `environ`. Raises
    HomeError if none runs."""
    if not healthy(home):
        raise HomeError(f"no local Azure is running for {home.path}; `python -m localazure start` starts it")
    return environment(home, home.ports(), login_of(onward_of(environ)[0])[0])


def page_address(home: Home) -> str:
    """An address at which a browser sees the running local Azure; it signs in once. Raises HomeError."""
    env = environment_of(home)
    bearer = f"Bearer {env['LOCALAZURE_CONTROL_TOKEN']}"
    answer = _asked(home, "POST", "/page", Authorization=bearer)
    if "path" not in answer:
        raise HomeError(f"the local Azure gives no address for its page ({answer}); see {home.log}")
    return f"{env['LOCALAZURE_CONTROL']}{answer['path']}"
