"""A protected service `claims` on the real engine, as `world.World` is one in this process.

Owns: the commands of the engine and of this project that a refusal may print, each as a person would run it,
with the program, the pack and the provider in forks of one warm Python whose waits take no time; and that
each of these commands, killed ones too, is judged by what the local Azure has recorded (record.py). The stack
is not called `dev`.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from core import roles
from core.resource_types import ACCOUNT
from core.resource_types import SERVICE as SERVICE_TYPE
from localazure import seed
from tests.remediation.mends import WITHOUT
from tests.remediation.record import Record
from tests.remediation.world import (
    API,
    EXISTING_VAULT,
    LONG_AGO,
    SHARED_VAULT_ID,
    VAULT_ID,
    make_shared_vault,
    permit,
    set_part,
    with_vault,
)
from tests.support.az import commands_in
from tests.support.azure import RunningAzure, running_azure
from tests.support.crash import Bookmark, Moment, killed_at
from tests.support.judge import Judge
from tests.support.stack import Stack

STACK, SERVICE = "prod-eu", "claims"
MODES: dict[str, dict[str, Any]] = {
    "access policies": {},
    "Azure RBAC": {"accessModel": "rbac"},
    "user-assigned identity": {"identity": "userAssigned"},
    EXISTING_VAULT: {},
}
_ROLES = {one.name: one.id for one in vars(roles).values() if isinstance(one, roles.Role)}
_RECOVER = re.compile(r"python\S* -m operate recover --stack|cannot create already existing resource")
_UNPROTECT = re.compile(r"`pulumi state unprotect '([^']+)'`")
_IMPORT = re.compile(r"`pulumi import (azure-cmk:index:CustomerManagedKey) NAME (/[\w/.-]+)`")
_MOST_RECOVERIES = 4


@dataclass
class EngineWorld:
    """A stack that stands, with data in its account. `flags` are those of its updates, `settings` those of
    its file, `login` what that says of the login; `runs` counts what the engine was run for."""

    azure: RunningAzure
    stack: Stack
    mode: str
    settings: dict[str, Any] = field(default_factory=dict)
    login: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    runs: int = 0
    named: set[str] = field(default_factory=set)
    """The settings that refusals have named since all was as declared."""

    def __post_init__(self) -> None:
        self.judge = Judge(self.azure, self.stack, SERVICE)
        self._salt = self.stack.config()["encryptionsalt"]
        self.settings = self.first_settings()

    def first_settings(self) -> dict[str, Any]:
        """Those of the stack as it was made."""
        return {
            "name": SERVICE,
            "location": "westeurope",
            "network": {"access": "open"},
            **with_vault(self.mode, {"vault": {"keyOperators": ["deployer"]}}),
            "key": {"generation": 1},
            **MODES[self.mode],
        }

    def declare(self, change: Mapping[str, Any]) -> None:
        """Sets settings; an existing vault stays the one that it is."""
        self.settings.update(with_vault(self.mode, change))

    @property
    def protected(self) -> bool:
        return True

    @property
    def vault_id(self) -> str:
        return SHARED_VAULT_ID if self.mode == EXISTING_VAULT else VAULT_ID

    @property
    def account_id(self) -> str:
        """Of the account that the state has."""
        return next((str(one["id"]) for one in self.resources() if one["type"] == ACCOUNT), "")

    def resources(self) -> list[dict[str, Any]]:
        """What the state has, from its file: the engine takes longer to tell."""
        (file,) = (self.stack.folder / ".pulumi" / "backend" / ".pulumi" / "stacks").rglob(f"{STACK}.json")
        latest = json.loads(file.read_text())["checkpoint"].get("latest") or {}
        found: list[dict[str, Any]] = latest.get("resources") or []
        return found

    def up(self) -> str:
        return self.run("up", "--yes", "--skip-preview", *self.flags)

    def refresh(self) -> None:
        if said := self.run("refresh", "--yes"):
            raise AssertionError(said)

    def run(self, *words: str) -> str:
        """A command of the engine, with the settings as they are now; what it printed where it failed."""
        self.write_settings()
        with self._judged(words):
            run = self.stack.pulumi(*words)
        return "" if run.ok else run.output

    @contextmanager
    def _judged(self, words: Sequence[str]) -> Iterator[None]:
        """Whatever a command is for, and however it ends: no account is off its key afterwards, or was in
        between, and nothing is destroyed, that no refusal has named."""
        self.runs += 1
        before = Record.of(self.azure.home.database)
        yield
        lapses = before.lapses(self.azure.home.database, self.named)
        assert not lapses, f"{' '.join(words)}, with {sorted(self.named)} named: {lapses}"

    def killed(self, moments: Sequence[Moment]) -> None:
        """An update that is killed with all that it started, or ends before."""
        self.write_settings()
        with self._judged(["killed"]), suppress(AssertionError):  # refused before any of the moments
            killed_at(self.azure, self.stack, moments, warm=True)

    def write_settings(self) -> None:
        config = {f"language-cmk:{name}": value for name, value in self.settings.items()} | self.login
        document = {"config": config, "encryptionsalt": self._salt}
        self.stack.config_file.write_text(yaml.safe_dump(document))

    def set(self, name: str, value: Any) -> None:
        if name == "generation":  # as azure-cmk calls what the settings have as key.generation
            name, value = "key.generation", int(value)
        set_part(self.settings, name, {"true": True, "false": False}.get(value, value))

    def recoveries(self, text: str) -> Iterator[tuple[str, Callable[[], object]]]:
        """By `pulumi cancel`, `pulumi state unprotect`, `python -m operate recover` and `pulumi import`;
        where it is a login, by `pulumi up --run-program`."""
        if "run `pulumi up --run-program`" in text:
            yield "run program", lambda: self.run("up", "--yes", "--skip-preview", "--run-program")
        if "pulumi cancel" in text:
            yield "cancel", lambda: self._must("cancel", "--yes", "--stack", STACK)
        for urn in _UNPROTECT.findall(text):
            yield f"unprotect {urn}", partial(self._must, "state", "unprotect", urn, "--yes")
        if _RECOVER.search(text):
            yield "recover", self._recover
        if found := _IMPORT.search(text):
            yield "import", partial(self._import, f"{SERVICE}-binding", *found.groups())

    def _import(self, name: str, type: str, id: str) -> None:
        """As the message says, below the component."""
        parent = next(str(one["urn"]) for one in self.resources() if one["type"] == SERVICE_TYPE)
        options = ("--parent", f"{SERVICE}={parent}", "--generate-code=false", "--skip-preview", "--yes")
        self._must("import", type, name, id, *options)

    def _must(self, *words: str) -> None:
        if said := self.run(*words):
            raise AssertionError(said)

    def _recover(self) -> None:
        for _ in range(_MOST_RECOVERIES):
            with self._judged(["recover"]):
                run = self.stack.python(
                    "-m", *_without_a_mend(), "operate", "recover", "--stack", STACK, "--yes"
                )
            if "nothing that it would create exists already" in run.output:
                return
            assert run.ok, run.output
        raise AssertionError(run.output)

    def arm(self, method: str, id: str, body: Any = None) -> Any:
        kind = API[max(API, key=lambda word: id.rfind(f"/{word}"))]
        answer = self.judge.arm(method, id, kind, body)
        self.wait()
        return answer

    def expire(self, key: str, version: str) -> None:
        with suppress(RuntimeError):  # an update may have taken the deployer's permissions away
            self.judge.vault("PATCH", f"/keys/{key}/{version}", {"attributes": {"exp": LONG_AGO}})

    def renew(self, command: str) -> None:
        ((_, options),) = commands_in(f"`{command}`")
        until = datetime.fromisoformat(options["expires"][0])
        attributes = {"enabled": True, "exp": int(until.timestamp())}
        key = urlsplit(options["id"][0]).path
        self.judge.vault("PATCH", key, {"attributes": attributes})

    def rotate(self, key: str) -> None:
        """As the deployer, who is permitted to where the settings do not say so."""
        try:
            self.judge.vault("POST", f"/keys/{key}/rotate")
        except RuntimeError:
            permit(self, seed.DEPLOYER.object_id, {"keys": ["get", "rotate"]})
            self.judge.vault("POST", f"/keys/{key}/rotate")

    def assign(self, principal: str, role: str) -> None:
        id = f"{self.vault_id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{_ROLES[role]}"
        self.arm("PUT", id, {"properties": {"principalId": principal, "roleDefinitionId": definition}})

    def wait(self) -> None:
        self.azure.control("/clock", {"advance": 60})


def _without_a_mend() -> tuple[str, ...]:
    """The module that takes out the mend that the environment names, where it does."""
    return ("tests.remediation.mends",) if WITHOUT in os.environ else ()


@contextmanager
def standing(folder: Path, mode: str) -> Iterator[tuple[EngineWorld, Bookmark]]:
    """A deployed stack with data, and the way back to it."""
    with running_azure(folder / "azure") as azure:
        imports = ("tests.support.hastened", *_without_a_mend())
        stack = Stack(folder / "checkout", azure.environ, name=STACK, refreshes=False, imports=imports)
        world = EngineWorld(azure, stack, mode)
        if mode == EXISTING_VAULT:
            make_shared_vault(world)
        assert world.up() == ""
        world.judge.write_data()
        yield world, Bookmark(azure, stack, folder / "standing")
