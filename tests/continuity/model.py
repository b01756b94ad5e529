"""An engine and an Azure in this process: thousands of updates of an account and its binding in a minute.

Owns: the steps of Pulumi's engine for the account and the binding, in its order: refresh, the program,
changes that are ignored, Check, Diff, hooks, the write, the state (source: pulumi/pulumi 3.259,
pkg/resource/deploy). The program is the components themselves; Azure is the local Azure's own rules and
history; azure-native's differences, bodies and refreshes are its stand-in's. Does not own: other resources,
which are there from the start.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi.runtime import mocks

from components.account_write import loss, recorded_account
from components.testing import AbsentError
from core.resource_types import ACCOUNT, BINDING, KEY_VERSION, USER_ASSIGNED_IDENTITY
from localazure.standin import body as bodies
from localazure.standin.diff import difference
from localazure.standin.refresh import refreshed_inputs
from localazure.standin.schema import shape_of
from localazure.standin.table import resource_type
from tests.localazure import driver
from tests.localazure.driver import SUBSCRIPTION, TENANT, URI, VAULT
from tests.support.ignored_changes import reset
from tests.support.recording import FakeAzure, RecordingMonitor, Registered, run

ROW, SHAPE = resource_type(ACCOUNT), shape_of(ACCOUNT)
NAME = "lang-claims"
ID = f"{driver.ACCOUNTS}/{NAME}"
KEY_ID = f"{VAULT}/keys/k"
_GROUP_ID = VAULT.rpartition("/providers/")[0]
IDENTITY_ID = f"{_GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-claims"


class KilledError(Exception):
    """The engine was killed after a write that its state does not tell of."""


class RefusedError(Exception):
    """The engine ended an update before a write."""


@dataclass
class Held:
    """A resource in the state."""

    type: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    pending_delete: bool = False


@dataclass
class Run:
    """One `pulumi up`: what it is told beside the program."""

    refresh: bool = False
    targets: frozenset[str] | None = None
    excludes: frozenset[str] = frozenset()
    replaces_binding: bool = False
    killed_after: str = ""
    false_absences: int = 0
    lagging: tuple[bool, ...] = ()
    """Which of the first reads show the account as it was before its last write; after the last one, they
    repeat."""

    def may(self, name: str) -> bool:
        return (self.targets is None or name in self.targets) and name not in self.excludes


@dataclass
class Program:
    """A consumer's program: what it composes, and what else it does to the account's inputs."""

    compose: Callable[[Program], None]
    tags: dict[str, str] = field(default_factory=lambda: {"owner": "first"})
    access: str = "closed"
    generation: int = 1
    identity: str = "systemAssigned"
    transform: Callable[[dict[str, Any]], None] | None = None
    ignores: tuple[str, ...] = ()

    @property
    def meddles(self) -> bool:
        """Whether something outside the components may keep the key out of an update."""
        return bool(self.ignores)

    @property
    def binds_inline(self) -> bool:
        return self.identity != "systemAssigned"

    def __call__(self) -> None:
        self.compose(self)


@dataclass
class Engine:
    """A stack, its Azure, and what each update did to the account: `PUT`, `PATCH`."""

    case: driver.Case
    state: dict[str, Held] = field(default_factory=dict)
    api_version: str = ROW.api_version or ""
    writes: list[str] = field(default_factory=list)
    before_last_write: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.case.protected_vault()
        self.identity = self.case.user_identity(IDENTITY_ID)
        self.case.grant(self.identity["principalId"])

    def up(self, program: Program, told: Run | None = None) -> list[str]:
        """Runs an update; the writes that it made. Raises KilledError, RefusedError."""
        told = told or Run()
        self.writes, self._absences = [], told.false_absences
        self._lagging = itertools.cycle(told.lagging or (False,))
        self._refresh_account(told)
        self._refresh_binding()
        self._recorded = {(held.type, name): held.outputs for name, held in self.state.items()}
        answers = Answers(self)
        monitor = run(program, azure=answers, monitor=RecordingMonitor(answers))
        for made in monitor.registered:
            if made.type == ACCOUNT:
                self._account(made, program, told)
            elif made.type == BINDING:
                self._binding(made, told)
            elif made.type == KEY_VERSION:
                self.state["version"] = Held(made.type, dict(made.inputs), dict(made.outputs))
            elif made.type == USER_ASSIGNED_IDENTITY:
                outputs = {**made.outputs, "principalId": self.identity["principalId"]}
                self.state["identity"] = Held(made.type, dict(made.inputs), outputs)
        return self.writes

    def live(self) -> dict[str, Any] | None:
        """The account as azure-native tells of it, but for the false absences and the lags of this run."""
        if self._absences > 0:
            self._absences -= 1
            return None
        body = self._body()
        if next(self._lagging) and self.before_last_write:
            body = self.before_last_write
        return body and {**bodies.outputs(ROW, SHAPE, body), "azureApiVersion": self.api_version}

    def _body(self) -> dict[str, Any] | None:
        response = self.case.arm("GET", ID, api=driver.ACCOUNT_API)
        return response.body if response.status == 200 else None

    def _refresh_account(self, told: Run) -> None:
        held = self.state.get("account")
        if held is None or not told.refresh:
            return
        live = self.live()
        if live is None:
            del self.state["account"]
            return
        held.inputs = refreshed_inputs(
            ROW, SHAPE, inputs=held.inputs, old_outputs=held.outputs, new_outputs=live
        )
        held.outputs = live

    def _refresh_binding(self) -> None:
        # The provider asks for it before each update, whatever the program says.
        held = self.state.get("binding")
        if held is None:
            return
        # That the account is not bound any more is believed when it is answered twice.
        key = _key_of(self.live()) or _key_of(self.live())
        if not key:
            del self.state["binding"]
            return
        uri = f"{key['keyVaultUri'].rstrip('/')}/keys/{key['keyName']}/{key['keyVersion']}"
        held.inputs = {**held.inputs, "keyUriWithVersion": uri}
        held.outputs = {**held.outputs, **key, "keyUriWithVersion": uri}

    def _account(self, made: Registered, program: Program, told: Run) -> None:
        held = self.state.get("account")
        if not told.may("account"):
            return
        inputs = {**copy.deepcopy(dict(made.inputs)), "azureApiVersion": self.api_version}
        if program.transform:
            program.transform(inputs)
        if held is not None:
            for path in (*made.request.ignoreChanges, *program.ignores):
                reset(path, held.inputs, inputs)
            found = difference(
                ROW, SHAPE, old_inputs=held.inputs, new_inputs=inputs, old_outputs=held.outputs
            )
            if not found.changes:
                held.inputs = inputs
                return
        inline = "identityClientId" in str(inputs)
        before = replace(recorded_account(self._recorded, NAME), live=self.live())
        if problem := loss(NAME, inputs, before, is_update=held is not None, same_key=not inline):
            raise RefusedError(problem)
        if held is None and self.live() is not None:
            raise RefusedError(f"cannot create already existing resource '{ID}'")
        self._write("PUT", bodies.request_body(ROW, SHAPE, inputs))
        if held is None:
            self._grant()
        if told.killed_after == "account":
            raise KilledError
        self.state["account"] = Held(ACCOUNT, inputs, self.live() or {})

    def _binding(self, made: Registered, told: Run) -> None:
        if not told.may("binding"):
            return
        held, inputs = self.state.get("binding"), dict(made.inputs)
        if held is not None:
            for path in made.request.ignoreChanges:
                reset(path, held.inputs, inputs)
            if held.inputs == inputs and not told.replaces_binding:
                return
        uri, _, name_and_version = str(inputs["keyUriWithVersion"]).partition("/keys/")
        name, version = name_and_version.split("/")
        key = {"keyName": name, "keyVersion": version, "keyVaultUri": uri}
        self._write(
            "PATCH",
            {"properties": {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}}},
        )
        if told.killed_after == "binding":
            raise KilledError
        outputs = {**inputs, **key, "keySource": "Microsoft.KeyVault"}
        self.state["binding"] = Held(BINDING, inputs, outputs)

    def _write(self, method: str, body: dict[str, Any]) -> None:
        before = self._body()
        response = self.case.arm(method, ID, body, api=driver.ACCOUNT_API)
        if response.status >= 300:
            raise RefusedError(f"{method}: {response.body}")
        self.case.finish(response)
        self.before_last_write = before
        self.writes.append(method)

    def _grant(self) -> None:
        principal = (self.case.get(ID).get("identity") or {}).get("principalId")
        if principal:
            self.case.grant(principal)

    def lapses(self) -> list[str]:
        """The moments after the first binding in which the account was unbound, or its data not readable."""
        states = self.case.history(ID)
        bound = [state["keySource"] == "Microsoft.KeyVault" for state in states]
        after = states[bound.index(True) :] if True in bound else []
        return [
            f"{state['why']}: {state['keySource']}, readable {state['readable']}"
            for state in after
            if state["keySource"] != "Microsoft.KeyVault" or not state["readable"]
        ]

    @property
    def bound_version(self) -> str:
        """The key version that the account is bound to; empty on Microsoft's keys."""
        return str(self.case.history(ID)[-1]["keyUri"] or "").rpartition("/")[2]

    def newest_version(self) -> str:
        """The key's newest version."""
        return str(self.case.arm("GET", KEY_ID).body["properties"]["keyUriWithVersion"]).rpartition("/")[2]


class Answers(FakeAzure):
    """Answers the program's questions from the engine's state and its Azure."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine, self._registered = engine, False
        self._one_at_a_time = threading.RLock()

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        # The SDK asks from several threads at once.
        with self._one_at_a_time:
            return self._answer(args)

    def _answer(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        engine = self._engine
        match args.token:
            case "azure-native:authorization:getClientConfig":
                client = {
                    "clientId": "c",
                    "objectId": "o",
                    "subscriptionId": SUBSCRIPTION,
                    "tenantId": TENANT,
                }
                return client, []
            case "pulumi:pulumi:readStackResourceOutputs":
                state = {
                    f"urn:pulumi:test::language-cmk::{held.type}::claims-{_SUFFIXES[name]}": {
                        "outputs": held.outputs
                    }
                    for name, held in engine.state.items()
                }
                return {"outputs": copy.deepcopy(state)}, []
            case "azure-native:keyvault/v20260201:getVault":
                return engine.case.arm("GET", VAULT).body, []
            case "azure-native:keyvault/v20260201:getKey":
                return engine.case.arm("GET", KEY_ID).body, []
            case "azure-native:cognitiveservices:getAccount":
                live = engine.live()
                if live is None and self._registered:
                    return {"identity": {"principalId": "later"}, "properties": {"endpoint": "later"}}, []
                if live is None:
                    raise AbsentError
                return live, []
            case "azure-native:managedidentity:getUserAssignedIdentity":
                return dict(engine.identity), []
            case _:
                return super().call(args)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        with self._one_at_a_time:
            return self._made(args)

    def _made(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id, outputs = super().new_resource(args)
        if args.typ == USER_ASSIGNED_IDENTITY:
            return IDENTITY_ID, outputs
        if args.typ == ACCOUNT:
            self._registered = True
            return ID, outputs
        if args.typ == KEY_VERSION:
            outputs |= self._version(args.inputs)
        return id, outputs

    def _version(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        held, generation = self._engine.state.get("version"), inputs.get("generation")
        before = held.inputs.get("generation") if held else None
        if held and generation and generation != before:
            self._engine.case.data("POST", "/keys/k/rotate")
        version = self._engine.newest_version()
        uri = URI.rstrip("/")
        return {
            "keyName": "k",
            "version": version,
            "vaultUri": uri,
            "keyUriWithVersion": f"{uri}/keys/k/{version}",
        }


def _key_of(account: dict[str, Any] | None) -> dict[str, Any] | None:
    encryption = ((account or {}).get("properties") or {}).get("encryption") or {}
    return encryption.get("keyVaultProperties")


_SUFFIXES = {"account": "account", "binding": "binding", "version": "key-version", "identity": "identity"}
