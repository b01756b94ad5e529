"""Killing the engine at an exact request of an update, and going back to where a stack was before it."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol, Self

import psutil  # type: ignore[import-untyped]

from tests.support.azure import RunningAzure
from tests.support.stack import PATIENCE_SECONDS, Run, Stack, done

_LOOK_SECONDS = 0.02


def moment(method: str, path: str = "", *, host: str = "arm", answered: bool = True) -> dict[str, Any]:
    """A request at which an update is killed, as a fault of the local Azure: it hangs until its client is
    gone. `path` is a route's template. With `answered` the cloud has carried it out, and the engine never saw
    the answer; else it has not begun."""
    where = {"host": host, "method": method, "path": path, "call": 1}
    return {**where, "wire": "hang", "after": answered, "times": 0}


def below(pid: int, words: str = "") -> list[psutil.Process]:
    """The processes that a process has started, and those have, in whose command lines the words are."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if words in " ".join(one.cmdline()):
                    found.append(one)
    return found


class Deployed(Protocol):
    """What has its program in a folder, and the environment of those who update it."""

    folder: Path
    env: dict[str, str]


class Update:
    """A command of the engine in the background, `pulumi up` by default. It leaves no process behind."""

    def __init__(self, stack: Deployed, *words: str) -> None:
        self._log = stack.folder / ".pulumi" / "update.log"
        command = ["pulumi", *(words or ("up", "--yes", "--skip-preview"))]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--non-interactive", "--color", "never"],
                cwd=stack.folder,
                env=stack.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._family: list[psutil.Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        self._kill_family()

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._log.read_text(encoding="utf-8")

    def reaches(self, moment: Callable[[], bool]) -> bool:
        """Waits for a moment; False where the command ends before it comes. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if moment():
                return True
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_LOOK_SECONDS)
                return moment()
        raise TimeoutError(f"the moment did not come:\n{self.output}")

    def kill(self, *, whole: bool = True) -> None:
        """`kill -9` of the engine with all that it has started, as a crash of the machine; or of it alone."""
        # Each is stopped as soon as it is seen, so that none starts another one unseen.
        self.process.send_signal(signal.SIGSTOP)
        while fresh := [one for one in below(self.process.pid) if one not in self._family]:
            self._family += fresh
            for one in fresh if whole else ():
                with suppress(psutil.NoSuchProcess):
                    one.suspend()
        self.process.kill()
        if whole:
            self._kill_family()
        self.process.wait()

    def _kill_family(self) -> None:
        for one in self._family:
            with suppress(psutil.NoSuchProcess):
                one.kill()

    def kill_those(self, words: str) -> int:
        """`kill -9` of the processes of the command in whose command lines the words are; how many there
        were."""
        found = below(self.process.pid, words)
        for one in found:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        return len(found)

    def ended(self) -> Run:
        """Waits for its end, and gives what a person would have read."""
        code = self.process.wait(PATIENCE_SECONDS)
        return Run(code, self.output)

    def orphans_end(self) -> bool:
        """Whether everything that the killed engine left running ends by itself."""
        _, left = psutil.wait_procs(self._family, timeout=PATIENCE_SECONDS)
        return not left


def killed_at(
    azure: RunningAzure,
    stack: Deployed,
    moments: Sequence[dict[str, Any]],
    *words: str,
    whole: bool = True,
) -> bool:
    """Runs a command and kills it at the first of the moments; False where it ends before any of them."""
    for one in moments:
        azure.control("/faults", one)

    def struck() -> bool:
        return any(fault["calls"] for fault in azure.control("/faults")["value"])

    with ExitStack() as cleared:
        cleared.callback(azure.control, "/faults", method="DELETE")
        with Update(stack, *words) as update:
            if update.reaches(struck):
                update.kill(whole=whole)
                azure.control("/faults", method="DELETE")
                if not whole:
                    assert update.orphans_end(), "a process outlived the killed engine"
                return True
            done(update.ended())
            return False


class Kept(Protocol):
    """What has its state in `.pulumi/backend` below its folder, and settings in one file."""

    folder: Path

    @property
    def config_file(self) -> Path: ...


class Bookmark:
    """A local Azure and a stack as they are now; `restore` brings both back while the cloud serves."""

    _TABLES = ("documents", "events")

    def __init__(self, azure: RunningAzure, stack: Kept, folder: Path) -> None:
        self._azure, self._stack, self._folder = azure, stack, folder
        self._database = folder / "cloud.sqlite3"
        self._backend = stack.folder / ".pulumi" / "backend"
        folder.mkdir(parents=True)
        with sqlite3.connect(azure.home.database) as source, sqlite3.connect(self._database) as copy:
            source.backup(copy)
        shutil.copytree(self._backend, folder / "backend")
        shutil.copy(stack.config_file, folder / "config.yaml")

    def restore(self) -> None:
        cloud = sqlite3.connect(self._azure.home.database, isolation_level=None, timeout=30)
        cloud.execute("ATTACH ? AS kept", (str(self._database),))
        cloud.execute("BEGIN IMMEDIATE")
        for table in self._TABLES:
            cloud.execute(f"DELETE FROM {table}")
            cloud.execute(f"INSERT INTO {table} SELECT * FROM kept.{table}")
        cloud.execute("COMMIT")
        cloud.close()
        shutil.rmtree(self._backend)
        shutil.copytree(self._folder / "backend", self._backend)
        shutil.copy(self._folder / "config.yaml", self._stack.config_file)


def locked(stack: Stack) -> bool:
    """Whether the killed engine's lock still lies in the backend."""
    return any((stack.folder / ".pulumi" / "backend").rglob("locks/**/*.json"))


def cut_off(stack: Stack) -> list[str]:
    """What the engine was creating when it was killed, by URN: what it will not resolve by itself."""
    (state,) = (stack.folder / ".pulumi" / "backend" / ".pulumi" / "stacks").rglob(f"{stack.name}.json")
    latest = json.loads(state.read_text())["checkpoint"].get("latest") or {}
    operations = latest.get("pending_operations") or []
    return [found["resource"]["urn"] for found in operations if found["type"] == "creating"]


def repair(stack: Stack) -> None:
    """What docs/runbooks/crash-recovery.md has a person do before the next `up`."""
    if locked(stack):
        done(stack.pulumi("cancel", "--yes", "--stack", stack.name))
    if cut_off(stack):
        done(stack.python("-m", "operate", "recover", "--stack", stack.name))
