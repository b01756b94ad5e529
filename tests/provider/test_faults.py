"""Every call of a create, an update, a delete and a rotation, struck by every fault, then run again: the
provider on Azure's clients, at the local Azure of this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import pytest
import requests

from localazure import faults
from localazure.front import Raw
from provider.azure import Azure
from tests.provider.rig import CMK, UNBINDS, VERSION, Engine, FailedError, FakeClock, engine
from tests.provider.world import World

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "401": {"status": 401, "code": "InvalidAuthenticationToken", "message": "The access token is invalid."},
    "403": {"status": 403, "code": "Forbidden", "message": "Access denied to first party service."},
    "404": {"status": 404, "code": "NotFound", "message": "Not found."},
    "409": {"status": 409, "code": "Conflict", "message": "Another operation is in progress."},
    "429": {"status": 429, "code": "TooManyRequests", "message": "Slow down.", "retry_after": 7},
    "503": {"status": 503, "code": "ServiceUnavailable", "message": "Down."},
    "drop": {"wire": "drop"},
    "lost answer": {"wire": "drop", "after": True},
    "hang": {"wire": "hang"},
    # The provider's process dies of a call: before Azure has it, or after it had its effect.
    "killed before": {"wire": "hang"},
    "killed after": {"wire": "hang", "after": True},
}


class Call(NamedTuple):
    """The `call`-th request to this host, of a path that says what it asks."""

    host: str
    call: int
    path: str


State = dict[str, Any]
"""What the engine has kept of a change that failed: `partial`, the outputs that the provider reported."""


async def _create(pulumi: Engine, world: World, state: State) -> None:
    inputs = world.binding()
    if "partial" in state:
        # The engine has a state with an error: it reads, and updates what is there.
        id, olds, live = await pulumi.read(CMK, world.account_id, inputs, state["partial"])
        if id:
            await pulumi.update(CMK, id, olds.values, live.values, inputs)
            return
    await pulumi.create(CMK, inputs)


async def _update(pulumi: Engine, world: World, _: State) -> None:
    old, new = (world.binding(uri) for uri in world.uris)
    await pulumi.update(CMK, world.account_id, {**old, "keySource": "Microsoft.KeyVault"}, old, new)


async def _delete(pulumi: Engine, world: World, _: State) -> None:
    await pulumi.delete(CMK, world.account_id, {**world.binding(), **UNBINDS})


async def _rotate(pulumi: Engine, world: World, _: State) -> None:
    old = {"keyId": world.key_id, "generation": 1, "accountId": world.account_id}
    await pulumi.update(VERSION, world.key_id, old, old, {**old, "generation": 2})


class Change(NamedTuple):
    """A change, which version of the key the account is on afterwards, if any, the hosts whose calls are
    struck (those to others are the same as in another change), and how many versions it makes."""

    run: Callable[[Engine, World, State], Awaitable[object]]
    ends: int | None
    struck: tuple[str, ...]
    hsm: bool = False
    makes: int = 0

    def begin(self, world: World) -> None:
        """On the first version, or on none where it is to be bound."""
        if self.run is _create:
            world.unbind()
        elif world.bound_key != world.uris[0]:
            world.bind(world.uris[0])

    def holds(self, world: World) -> bool:
        return world.bound_key == (None if self.ends is None else world.uris[self.ends])


CHANGES = {
    "create": Change(_create, 0, ("arm", "login")),
    "update": Change(_update, 1, ("arm",)),
    "delete": Change(_delete, None, ("arm",)),
    "rotate": Change(_rotate, 0, ("arm", "vault"), makes=1),
    "create in HSM": Change(_create, 0, ("hsm",), hsm=True),
    "rotate in HSM": Change(_rotate, 0, ("hsm",), hsm=True, makes=1),
}
"""Create, update, delete and rotation, and what is another matter in a managed HSM."""


async def calls_of(change: Change, world: World) -> list[Call]:
    """The calls to strike: those of the change when nothing goes wrong."""
    change.begin(world)
    calls: list[Call] = []

    def record(raw: Raw) -> None:
        other = "hsm" if ".managedhsm." in raw.authority else "vault"
        host = {"management": "arm", "login": "login"}.get(raw.authority.partition(".")[0], other)
        number = sum(one.host == host for one in calls) + 1
        calls.append(Call(host, number, raw.path))

    world.wire.before = record
    pulumi = await engine(world.azure(), FakeClock())
    await change.run(pulumi, world, {})
    world.wire.before = lambda _: None
    assert change.holds(world)
    struck = [one for one in calls if one.host in change.struck]
    assert {one.host for one in struck} == {*change.struck}
    return struck


def was_struck(world: World) -> bool:
    return all(one["calls"] >= one["call"] for one in faults.list_faults(world.cloud))


async def converge(change: Change, world: World, azure: Azure, *, is_killed: bool) -> None:
    """Runs the change until it ends well, each time in a new provider, as a person would. Of one that is
    killed the engine has recorded nothing, and the next run has to end well."""
    state: State = {}

    def dead(_: Raw) -> None:
        if was_struck(world):
            raise requests.ConnectionError("the process is gone")

    if is_killed:
        world.wire.before = dead
    for _ in range(2 if is_killed else 3):
        pulumi = await engine(azure, FakeClock())
        try:
            await change.run(pulumi, world, state)
        except FailedError as failed:
            if is_killed:
                world.wire.before, azure = lambda _: None, world.azure()
                faults.clear_faults(world.cloud)
            elif failed.partial is not None:
                state["partial"] = dict(failed.partial.properties)
        else:
            assert was_struck(world)
            assert world.wire.before is not dead
            faults.clear_faults(world.cloud)
            return
    raise AssertionError("it never ended well")


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_converges_after_each_fault(name: str, kind: str) -> None:
    """Whatever strikes whichever call, to Resource Manager, the vault, the managed HSM or the login host, and
    whichever call the provider dies at: run again it ends well, never unbound in between, and no version too
    many. A key that was rotated just before a kill is rotated once more."""
    change, is_killed = CHANGES[name], kind.startswith("killed")
    world = World(hsm=change.hsm)
    if not change.makes:
        world.keys.rotate_key("language-key")
    shared = world.azure()
    for call in await calls_of(change, world):
        change.begin(world)
        states, versions = len(world.history()), len(world.uris)
        faults.add_fault(world.cloud, {"host": call.host, "call": call.call, **FAULTS[kind]})
        own = is_killed or call.host == "login"
        await converge(change, world, world.azure() if own else shared, is_killed=is_killed)
        case, again = f"{kind} at {call}", kind == "killed after" and call.path.endswith("/rotate")
        assert change.holds(world), case
        wanted = "Microsoft.CognitiveServices" if name == "delete" else "Microsoft.KeyVault"
        assert {state["keySource"] for state in world.history()[states:]} <= {wanted}, case
        assert len(world.uris) == versions + change.makes + again, case
