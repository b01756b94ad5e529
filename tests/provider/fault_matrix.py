"""The pieces of the fault matrix: the calls of a life, the faults that strike them, how an engine goes on."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.keyvault.keys import KeyClient

from core.login import login
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.azure import Azure
from provider.azure_client import AzureClient
from provider.credential import credential
from tests.provider.rig import CMK, HSM_ROLE, UNBINDS, VERSION, Engine, FailedError, FakeClock, engine
from tests.provider.world import World

HANG_SECONDS = 0.4
"""How long a client waits for a byte where a fault keeps it back; a person's waits a minute."""

PATIENT_SECONDS = 60.0
"""How long it waits where none does, so that a busy machine makes no fault of its own."""


@dataclass(frozen=True)
class Request:
    """One request of a life: the `number`-th one with this method and path on this host."""

    host: str
    method: str
    path: str
    number: int

    def __str__(self) -> str:
        return f"{self.method} {self.host} {self.path.rpartition('/')[2]} #{self.number}"


_HOSTS = {"management": "arm", "login": "login"}


class Recorder(SansIOHTTPPolicy[Any, Any]):
    """Keeps the requests that leave the clients."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def on_request(self, request: Any) -> None:
        parts = urlsplit(request.http_request.url)
        other = "hsm" if ".managedhsm." in parts.netloc else "vault"
        host = _HOSTS.get(parts.netloc.partition(".")[0], other)
        # An operation and a new version have another id in each run; the rest is the same.
        path = re.sub(r"(?<=operationResults/)[^/]+|(?<=/)[0-9a-f]{32}$", "{id}", parts.path)
        method = request.http_request.method
        number = 1 + sum(1 for r in self.seen if (r.host, r.method, r.path) == (host, method, path))
        self.seen.append(Request(host, method, path, number))


def recording_client(read_timeout: float, recorder: Recorder | None = None) -> AzureClient:
    """The real client, its requests and its login's kept in `recorder`. `read_timeout` is seconds without a
    byte."""
    recorder, wanted = recorder or Recorder(), login({}, os.environ)
    own = credential(
        wanted, raw_request_hook=recorder.on_request, connection_timeout=10.0, read_timeout=read_timeout
    )
    return AzureClient(wanted, read_timeout=read_timeout, credential=own, policies=[recorder])


FAULTS: dict[str, dict[str, Any]] = {
    "401": {"status": 401, "code": "InvalidAuthenticationToken", "message": "The access token is invalid."},
    "403": {"status": 403, "code": "Forbidden", "message": "Access denied to first party service."},
    "404": {"status": 404, "code": "NotFound", "message": "Not found."},
    "409": {"status": 409, "code": "Conflict", "message": "Another operation is in progress."},
    "412": {"status": 412, "code": "PreconditionFailed", "message": "The etag does not match."},
    "429": {"status": 429, "code": "TooManyRequests", "message": "Slow down.", "retry_after": 7},
    "500": {"status": 500, "code": "InternalServerError", "message": "Oops."},
    "503": {"status": 503, "code": "ServiceUnavailable", "message": "Down."},
    "drop": {"wire": "drop"},
    "lost answer": {"wire": "drop", "after": True},
    "hang": {"wire": "hang"},
}


@dataclass(frozen=True)
class Place:
    """Where the key is: in a vault or in a managed HSM of the same name."""

    host: str

    def id(self, world: World) -> str:
        return world.vault_id() if self.host == "vault" else world.hsm_id()

    def keys(self, world: World) -> KeyClient:
        return world.keys() if self.host == "vault" else world.hsm_keys()

    def versions(self, world: World) -> list[str]:
        """The versions of the key, oldest first."""
        found = self.keys(world).list_properties_of_key_versions("language-key")
        return [str(one.version) for one in sorted(found, key=lambda one: str(one.created_on))]

    def uri(self, world: World, index: int) -> str:
        """The URI of a version."""
        return f"{self.keys(world).vault_url}/keys/language-key/{self.versions(world)[index]}"

    def binding(self, world: World, index: int) -> dict[str, Any]:
        """The inputs of a binding to a version."""
        uri = self.uri(world, index)
        return {"accountId": world.account_id(), "keyUriWithVersion": uri, "vaultId": self.id(world)}

    def bind(self, world: World) -> None:
        """Binds the account to the first version, past the provider."""
        world.bind(self.uri(world, 0))


IN_VAULT, IN_HSM = Place("vault"), Place("managedhsm")


@dataclass
class Life:
    """One change, and how a person with the real engine would drive it until it holds. `struck` are the hosts
    whose calls are struck: those to others are the same as in another life."""

    name: str
    prepare: Callable[[World], None]
    run: Callable[[Engine, World, dict[str, Any]], Awaitable[None]]
    holds: Callable[[World], bool]
    struck: frozenset[str]
    place: Place = IN_VAULT


async def converge(life: Life, world: World, connect: Callable[[], AzureClient], tries: int = 3) -> list[str]:
    """Runs the life until it ends well, each time in a new provider; gives the failures on the way."""
    failures: list[str] = []
    state: dict[str, Any] = {}
    for _ in range(tries):
        async with engine(Azure(connect()), FakeClock()) as pulumi:
            try:
                await life.run(pulumi, world, state)
            except FailedError as failed:
                failures.append(str(failed))
                if failed.partial is not None:
                    state["partial"] = dict(failed.partial.properties)
            else:
                return failures
    raise AssertionError(f"{life.name} never ended well: {failures}")


async def requests_of(life: Life, world: World) -> list[Request]:
    """The requests that the life makes when nothing goes wrong."""
    recorder = Recorder()
    async with engine(Azure(recording_client(PATIENT_SECONDS, recorder)), FakeClock()) as pulumi:
        await life.run(pulumi, world, {})
    return recorder.seen


def strike(world: World, request: Request, fault: Mapping[str, Any]) -> None:
    """Arms one fault on one request."""
    where = {"host": request.host, "method": request.method, "path": request.path, "call": request.number}
    world.azure.control("/faults", {**where, **fault})


def was_struck(world: World) -> bool:
    """Whether the armed fault has seen the call it waits for."""
    return all(fault["calls"] >= fault["call"] for fault in world.azure.control("/faults")["value"])


def _creation(name: str, place: Place, struck: frozenset[str]) -> Life:
    inputs: dict[str, Any] = {}

    def begins(world: World) -> None:
        world.bind(None)
        # Before any call is struck: reading them asks the place of the key.
        inputs.update(place.binding(world, 0))

    async def create(pulumi: Engine, world: World, state: dict[str, Any]) -> None:
        if "partial" in state:
            # The engine has a state with an error: it reads, and updates what is there.
            id, olds, live = await pulumi.read(CMK, world.account_id(), inputs, state["partial"])
            if id:
                await pulumi.update(CMK, id, olds.values, live.values, inputs)
                return
        await pulumi.create(CMK, inputs)

    return Life(name, begins, create, _is_bound(place, 0), struck, place)


async def _update(pulumi: Engine, world: World, state: dict[str, Any]) -> None:
    old, new = IN_VAULT.binding(world, 0), IN_VAULT.binding(world, 1)
    await pulumi.update(CMK, world.account_id(), {**old, "keySource": "Microsoft.KeyVault"}, old, new)


async def _delete(pulumi: Engine, world: World, state: dict[str, Any]) -> None:
    await pulumi.delete(CMK, world.account_id(), {**IN_VAULT.binding(world, 0), **UNBINDS})


def _grant_inputs(world: World) -> dict[str, Any]:
    role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
    key = f"{world.hsm_id()}/keys/language-key"
    return {"scope": key, "principalId": world.principal(), "roleDefinitionId": role}


def _own_grants(world: World) -> list[Any]:
    listed = world.hsm_roles().list_role_assignments("/keys/language-key")
    principal = _grant_inputs(world)["principalId"]
    return [one for one in listed if one.properties.principal_id == principal]


def _ungranted(world: World) -> None:
    for one in _own_grants(world):
        world.hsm_roles().delete_role_assignment(one.properties.scope, one.name)


async def _grant(pulumi: Engine, world: World, state: dict[str, Any]) -> None:
    await pulumi.create(HSM_ROLE, _grant_inputs(world))


@dataclass
class Generations:
    """Counts a key's generations through the cases, since versions cannot be taken away again."""

    number: int = 1
    versions: int = field(default=0)


def _rotation(name: str, place: Place, struck: frozenset[str]) -> Life:
    generations = Generations()

    def begins(world: World) -> None:
        if world.bound_key() is None:
            place.bind(world)
        generations.number += 1
        generations.versions = len(place.versions(world))

    async def rotate(pulumi: Engine, world: World, state: dict[str, Any]) -> None:
        key = f"{place.id(world)}/keys/language-key"
        old = {"keyId": key, "generation": generations.number - 1, "accountId": world.account_id()}
        await pulumi.update(VERSION, key, old, old, {**old, "generation": generations.number})

    def holds(world: World) -> bool:
        return len(place.versions(world)) == generations.versions + 1

    return Life(name, begins, rotate, holds, struck, place)


def _is_bound(place: Place, index: int) -> Callable[[World], bool]:
    return lambda world: world.bound_key() == place.uri(world, index)


_ARM, _HSM = frozenset({"arm"}), frozenset({"hsm"})
LIVES = (
    _creation("create", IN_VAULT, _ARM | {"login"}),
    Life("update", IN_VAULT.bind, _update, _is_bound(IN_VAULT, 1), _ARM),
    Life("delete", IN_VAULT.bind, _delete, lambda w: w.bound_key() is None, _ARM),
    _rotation("rotate", IN_VAULT, _ARM | {"vault"}),
    _creation("create in HSM", IN_HSM, _HSM),
    _rotation("rotate in HSM", IN_HSM, _HSM),
    Life("grant in HSM", _ungranted, _grant, lambda w: len(_own_grants(w)) == 1, _HSM | {"login"}, IN_HSM),
)
"""Create, update, delete and rotation, and what is another matter in a managed HSM."""


def begin(life: Life, world: World) -> None:
    """Makes what a life begins with: its key has two versions where no rotation is to make the second."""
    if life.place is IN_HSM:
        world.make_hsm()
        given = _grant_inputs(world)
        role = world.hsm_role(HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
        world.hsm_roles().create_role_assignment("/keys/language-key", role, given["principalId"])
    if not life.name.startswith("rotate"):
        life.place.keys(world).rotate_key("language-key")
    life.prepare(world)
