"""What the real `pulumi` prints, typed character by character into the shell it was printed for.

Owns: a project on a running local Azure, in the two forms that people have; the person in front of it, who
types the commands of a text as they stand and writes the settings that it names; and `az` on that person's
PATH, whose words are carried out by tests/support/az.py. Does not own: what happens to the project, and which
of several ways is taken (test_typed_ways.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import yaml

from core.environment import NAMESPACE
from core.resource_types import camel_case
from localazure.assembly import make_front
from localazure.behaviour import Behaviour
from localazure.cloud import Clock, Cloud
from localazure.store import SETTINGS, Store
from tests.remediation.world import GROUP, World, set_part
from tests.support.az import run_words
from tests.support.azure import RunningAzure
from tests.support.crash import Bookmark, killed_at
from tests.support.front import Door, signer
from tests.support.in_process import Wire
from tests.support.installed import Installed, built_wheel
from tests.support.printed import printed
from tests.support.providers import Session
from tests.support.stack import PATIENCE_SECONDS, Run, Stack
from tests.support.warm_host import ATTACH, language_host

Settings = dict[str, Any]
_AZ = """#!{python} -IS
import json, socket, sys
with socket.socket(socket.AF_UNIX) as way:
    way.connect({socket!r})
    way.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
    answer = json.loads(way.makefile().readline())
print(answer["text"], file=sys.stderr if answer["code"] else sys.stdout)
sys.exit(answer["code"])
"""
_PROGRAM = """import json
from pathlib import Path

import pulumi
from language_cmk import EncryptedAIServicesAccount

arguments = json.loads(Path("service.json").read_text())
claims = EncryptedAIServicesAccount("claims", arguments, pulumi.ResourceOptions(protect=False))
pulumi.export("services", {"claims": claims.outputs()})
"""
_SETTING = re.compile(r"([a-z]\w*(?:\.\w+)*): (\S+)")
_LEFT_OUT = re.compile(r"without ([\w.]+)")
_BACK = "put back: "
_BARE = re.compile(r"(?<!\")\baz [a-z-]+(?: [a-z-]+)* --[a-z]")
"""A command that a reader would have to find in its sentence; an output of the program has its own quotes."""
_NOTHING = re.compile(r"\nResources:\n +\d+ unchanged\n")
"""What a preview says that would do nothing."""
_SETTINGS: Settings = {
    "location": "westeurope",
    "network": {"access": "open"},
    "audit": {"newWorkspace": False},
}
MODES: Mapping[str, Settings] = {"access policies": {}, "Azure RBAC": {"accessModel": "rbac"}}


def _snake_case(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    """Arguments with their names in another spelling; a tag keeps its own."""
    if isinstance(value, dict):
        return {
            rename(name): given if name == "tags" else _renamed(given, rename)
            for name, given in value.items()
        }
    return [_renamed(one, rename) for one in value] if isinstance(value, list) else value


class _Clock(Clock):
    """The clock of a local Azure in another process, which alone may move it."""

    def __init__(self, store: Store, azure: RunningAzure) -> None:
        super().__init__(store)
        self._memory, self._azure = store, azure

    def now(self) -> float:
        return time.time() + float((self._memory.get(SETTINGS, "clock") or {}).get("offset", 0.0))

    def advance(self, seconds: float) -> None:
        self._azure.control("/clock", {"advance": seconds})


class SharedDoor(Door):
    """A front door in this process to the memory of a local Azure that runs in another one."""

    def __init__(self, azure: RunningAzure) -> None:
        self.start, self.one_at_a_time = None, threading.RLock()
        self.cloud = Cloud(Store(azure.home.database))
        self.cloud.clock = _Clock(self.cloud.store, azure)
        self.front = make_front(self.cloud, signer())


class Somebody(World):
    """Somebody who changes the service `claims` past Pulumi, in a local Azure that runs."""

    def __init__(self, azure: RunningAzure, mode: str) -> None:
        self.mode, self.settings, self.pause = mode, {}, 60.0
        self.wire = Wire(SharedDoor(azure))
        self.session = Session(self.wire)

    @property
    def account_id(self) -> str:
        return f"{GROUP}/Microsoft.CognitiveServices/accounts/lang-claims"


class Project(Protocol):
    """A project of one service `claims` in a folder, and the environment that its user has."""

    folder: Path
    env: dict[str, str]
    name: str

    @property
    def config_file(self) -> Path:
        """Where its settings stand."""
        ...

    def settings(self) -> Settings:
        """They, by their names in messages."""
        ...

    def write(self, settings: Settings) -> None: ...


class OwnProgram(Stack):
    """A copy of this project with a stack's file."""

    def settings(self) -> Settings:
        config = self.config()["config"]
        return {name.removeprefix(NAMESPACE): value for name, value in config.items()}

    def write(self, settings: Settings) -> None:
        document = self.config()
        document["config"] = {f"{NAMESPACE}{name}": value for name, value in settings.items()}
        self.config_file.write_text(yaml.safe_dump(document))


class Consumer(Installed):
    """A program of somebody's own, beside which the package is installed."""

    name = "dev"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("components", "core", "policies", "tests"):
            shutil.rmtree(self.folder / name)
        (self.folder / "__main__.py").write_text(_PROGRAM)
        self.write({})
        assert self.pulumi("stack", "init", self.name).ok

    @property
    def config_file(self) -> Path:
        return self.folder / "service.json"

    def settings(self) -> Settings:
        found: Settings = _renamed(json.loads(self.config_file.read_text()), camel_case)
        return found

    def write(self, settings: Settings) -> None:
        self.config_file.write_text(json.dumps(_renamed(settings, _snake_case)))


@contextmanager
def az_for(azure: RunningAzure, folder: Path) -> Iterator[Path]:
    """The folder of an `az` whose words are carried out in a local Azure."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            code, text = run_words(SharedDoor(azure), json.loads(self.rfile.readline()))
            self.wfile.write(json.dumps({"code": code, "text": text}).encode() + b"\n")

    folder.mkdir(parents=True)
    socket = str(folder / "socket")
    (folder / "az").write_text(_AZ.format(python=sys.executable, socket=socket))
    (folder / "az").chmod(0o755)
    with socketserver.ThreadingUnixStreamServer(socket, Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield folder
        finally:
            server.shutdown()
            thread.join()


class NoWayError(AssertionError):
    """A text that does not print the way that a person was to go, or one that fails."""


@dataclass
class Person:
    """Who types into a shell in a project's folder. `typed` has the commands that were typed as printed;
    `before` has the settings before the last change."""

    project: Project
    az: Path
    typed: list[str] = field(default_factory=list)
    before: Settings = field(default_factory=dict)

    def types(self, line: str) -> Run:
        """A line as it stands, in a bash of its own, with confirmations given."""
        path = os.pathsep.join([str(self.az), self.project.env["PATH"]])
        env = {**self.project.env, "PATH": path, "PULUMI_SKIP_CONFIRMATIONS": "true", "NO_COLOR": "1"}
        if not line.startswith("pulumi "):  # An engine of that command tells its program more in variables.
            env.pop(ATTACH, None)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.project.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if bare := _BARE.search(re.sub("`[^`]*`", "", done.stdout)):
            raise NoWayError(f"{bare[0]!r} stands outside of back quotes in:\n{done.stdout}")
        return Run(done.returncode, done.stdout)

    def sets(self, name: str, value: Any) -> None:
        """Writes a setting by the name that a message gives it; None takes it out."""
        settings = self.project.settings()
        set_part(settings, name, value)
        self.project.write(settings)

    def changes(self, change: Mapping[str, Any]) -> None:
        """Writes settings by their names, and remembers those from before."""
        self.before = self.project.settings()
        for name, value in change.items():
            self.sets(name, value)

    def deploys(self, change: Mapping[str, Any]) -> None:
        """Writes settings, and updates by them, which has to succeed."""
        self.changes(change)
        run = self.types("pulumi up --skip-preview")
        assert run.ok, run.output

    def goes(self, way: Sequence[str], text: str) -> None:
        """Takes the steps of a way that a text prints: types the command that begins so, or writes the
        setting. A command that fails has to print the next one. Raises NoWayError."""
        for step in way:
            if found := _SETTING.fullmatch(step):
                if step not in text:
                    raise NoWayError(f"{step!r} is not named in:\n{text}")
                self.sets(found[1], yaml.safe_load(found[2]))
                continue
            if found := _LEFT_OUT.fullmatch(step):
                if found[1] not in text:
                    raise NoWayError(f"{found[1]!r} is not named in:\n{text}")
                self.sets(found[1], None)
                continue
            if step.startswith(_BACK):
                if step.removeprefix(_BACK) not in text:
                    raise NoWayError(f"{step!r} is not said in:\n{text}")
                self.project.write(self.before)
                continue
            lines = [line for line in printed(text) if step in line]
            if not lines:
                raise NoWayError(f"{step!r} is not printed in:\n{text}")
            run = self.types(lines[0])
            self.typed.append(lines[0])
            text += run.output
            if not run.ok and not printed(run.output):
                raise NoWayError(f"{lines[0]}\nended with {run.code}:\n{run.output}\nafter:\n{text}")


def follow(person: Person, says: str, rounds: Sequence[Sequence[str]], *, settles: bool = True) -> None:
    """A plain preview refuses or warns in the words that it `says`, or the update after it does; after each
    of the rounds it asks the next question, and after the last one it updates; nothing is left then, which is
    looked at if it `settles`. Raises NoWayError."""
    run = person.types("pulumi preview")
    if not (says and says in run.output):
        run = _next(person)
    if says not in run.output:
        raise NoWayError(f"{says!r} is not in:\n{run.output}")
    for number, way in enumerate(rounds):
        if run.ok and (number or not says):  # else it is a warning
            raise NoWayError(f"nothing was refused before {way}:\n{run.output}")
        person.goes(way, run.output)
        run = _next(person)
    if not run.ok or (rounds and says and says in run.output):
        raise NoWayError(f"after {person.typed}, it is said still:\n{run.output}")
    if not settles or _NOTHING.search(run.output):
        return
    last = person.types("pulumi preview --expect-no-changes")
    if not last.ok:
        raise NoWayError(f"after {person.typed}, an update would do something again:\n{last.output}")


def _next(person: Person) -> Run:
    """A plain preview, and the update if it is clean."""
    run = person.types("pulumi preview")
    if not run.ok or _NOTHING.search(run.output):
        return run
    return person.types("pulumi up --skip-preview")


class Projects:
    """The projects of both forms on one local Azure, each as it was after its first update, or before it."""

    def __init__(self, azure: RunningAzure, folder: Path) -> None:
        self._azure, self._folder = azure, folder
        self._ready: dict[tuple[str, str, bool], tuple[Project, Bookmark]] = {}
        self._wheel: list[Path] = []

    @contextmanager
    def opened(self) -> Iterator[Projects]:
        """With the `az` of their users, and what ends with them."""
        with az_for(self._azure, self._folder / "az") as self._az, ExitStack() as self._open:
            yield self

    def at(self, form: str, mode: str, *, stands: bool) -> tuple[Person, Somebody]:
        """A project in one of these states, in front of it a person who has typed nothing, and somebody."""
        if (form, mode, stands) not in self._ready:
            self._make(form, mode)
        project, bookmark = self._ready[form, mode, stands]
        bookmark.restore()
        # The server has its clock and its switches in its own memory.
        self._azure.control("/behaviour", vars(Behaviour()))
        self._azure.control("/clock", {"advance": 0.0})
        return Person(project, self._az), Somebody(self._azure, mode)

    def killed(self, person: Person, at: dict[str, Any]) -> bool:
        """Whether an update of a person's project was killed at a moment of the local Azure."""
        return killed_at(self._azure, person.project, [at])

    def anybody(self, folder: Path) -> Person:
        """A person in a folder without a project."""
        return Person(SimpleNamespace(folder=folder, env=dict(os.environ)), self._az)

    def _make(self, form: str, mode: str) -> None:
        self._azure.control("/reset", {})
        folder = self._folder / f"{form}-{mode}".replace(" ", "-")
        project = FORMS[form](self, folder)
        project.write({**project.settings(), **_SETTINGS, **MODES[mode]})
        self._ready[form, mode, False] = project, Bookmark(self._azure, project, folder / "before")
        Person(project, self._az).deploys({})
        self._ready[form, mode, True] = project, Bookmark(self._azure, project, folder / "after")

    def own(self, folder: Path) -> Project:
        project = OwnProgram(folder / "language-cmk", self._azure.env)
        for name in ("callers", "vault", "key", "audit", "tags"):
            project.configure(**{name: None})
        project.configure(name="claims")
        project.env.update(self._open.enter_context(project.host()))
        return project

    def package(self, folder: Path) -> Project:
        if not self._wheel:
            self._folder.joinpath("wheel").mkdir()
            self._wheel.append(built_wheel(self._folder / "wheel"))
        project = Consumer(folder, self._wheel[0], self._azure.env)
        project.env.update(self._open.enter_context(language_host(project.env)))
        return project


FORMS: Mapping[str, Callable[[Projects, Path], Project]] = {
    "own program": Projects.own,
    "package": Projects.package,
}
"""How people have this project."""
