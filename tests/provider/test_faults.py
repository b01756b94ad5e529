"""Every call of a create, an update, a delete and a rotation, struck by every fault, then run again."""

from __future__ import annotations

import sys
import time
from collections import Counter
from functools import partial

import pytest

from tests.provider.fault_matrix import (
    FAULTS,
    HANG_SECONDS,
    LIVES,
    PATIENT_SECONDS,
    Life,
    begin,
    converge,
    recording_client,
    requests_of,
    strike,
    was_struck,
)
from tests.provider.world import World

pytestmark = [pytest.mark.timeout(600)]


@pytest.mark.long
@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)
async def test_every_change_converges_after_every_fault(
    world: World, life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever strikes whichever call, to Resource Manager, the vault, the managed HSM or the login host: run
    again it ends well, never unbound in between, and no version too many."""
    name = life.name
    begin(life, world)
    made = await requests_of(life, world)
    requests = [request for request in made if request.host in life.struck]
    # One login for all cases of a fault but those that strike it.
    shared = {patience: recording_client(patience) for patience in (HANG_SECONDS, PATIENT_SECONDS)}
    versions = len(life.place.versions(world))
    began, outlived, again = time.monotonic(), 0, 0
    for kind, fault in FAULTS.items():
        patience = HANG_SECONDS if kind == "hang" else PATIENT_SECONDS
        for request in requests:
            life.prepare(world)
            before = len(world.history())
            strike(world, request, fault)
            own = request.host == "login"
            connect = partial(recording_client if own else shared.__getitem__, patience)
            failures = await converge(life, world, connect)
            assert was_struck(world), f"{name}: {request} was never made"
            outlived, again = outlived + (not failures), again + bool(failures)
            world.azure.control("/faults", method="DELETE")
            case = f"{name}: {kind} at {request}, failures {failures}"
            assert life.holds(world), case
            sources = [state["keySource"] for state in world.history()[before:]]
            expected = "Microsoft.CognitiveServices" if name == "delete" else "Microsoft.KeyVault"
            assert set(sources) <= {expected}, f"{case}: {sources}"
            if not name.startswith("rotate"):
                assert len(life.place.versions(world)) == versions, case
    count = len(FAULTS) * len(requests)
    seconds = time.monotonic() - began
    hosts = Counter(request.host for request in requests)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name}: {len(requests)} calls ({', '.join(f'{n} {host}' for host, n in hosts.items())}) x "
            f"{len(FAULTS)} faults = {count} cases in {seconds:.0f} s; "
            f"{outlived} outlived, {again} run again\n"
        )
    assert outlived + again == count
    assert set(hosts) == life.struck
