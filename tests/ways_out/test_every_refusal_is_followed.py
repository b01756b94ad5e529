"""No dead ends: what a refusal prints is carried out, and leads to a stack that stands, with its data."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.localazure.keyvault.case import quick_keys
from tests.ways_out.following import Way
from tests.ways_out.machine import Refusals
from tests.ways_out.world import DRIFTS, GROUP, MODES, World

STEPS = int(os.environ.get("WAYS_OUT_STEPS", "60"))
STEPS_OF_A_LIFE = 6


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick_keys():
        yield


@pytest.mark.timeout(3600)
def test_every_refusal_leads_out() -> None:
    """Settings, flags, drift and faults in any order: each refusal is followed until the stack has converged;
    no data is lost, and no account off its key, that the refusal did not name.

    WAYS_OUT_STEPS asks for more steps, at random; WAYS_OUT_SEED repeats them.
    """
    given = os.environ.get("WAYS_OUT_SEED")
    number = int(given) if given else secrets.randbelow(2**32) if "WAYS_OUT_STEPS" in os.environ else 0
    Refusals.refusals = 0
    chosen = settings(
        max_examples=STEPS // STEPS_OF_A_LIFE,
        stateful_step_count=STEPS_OF_A_LIFE,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(Refusals), settings=chosen)
    assert Refusals.refusals >= STEPS // 20, f"seed {number}: hardly anything was refused"


@pytest.mark.parametrize("refreshes", [False, True], ids=["no refresh", "refresh"])
@pytest.mark.parametrize(
    ("mode", "drift"),
    [(mode, drift) for drift, modes in DRIFTS.items() for mode in MODES if mode in modes],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_each_drift_has_a_way_back(mode: str, drift: Callable[[World], None], *, refreshes: bool) -> None:
    """Also in the second update after a refusal, which finds what the first one has refreshed."""
    world = World(mode, refreshes)
    assert world.up() == ""
    account = world.account
    assert account is not None
    drift(world)
    world.up()
    Way(world).follow()
    back = world.account
    assert back is not None
    assert back.internal_id == account.internal_id
    assert world.readable
    world.close()


def test_a_mistyped_subnet_takes_no_endpoint_away() -> None:
    """Endpoints keep their names, so that others could only be made once they are gone: the subnet is looked
    up before. Put back, there is nothing to do."""
    world = World("access policies")
    assert world.up() == ""
    network = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet"
    subnet = {"name": "endpoints", "properties": {"addressPrefix": "10.0.1.0/24"}}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}
    world.arm("PUT", network, {"location": "westeurope", "properties": space})

    def private(name: str) -> str:
        world.settings["network"] = {"access": "private", "subnet_id": f"{network}/subnets/{name}"}
        return world.up()

    assert private("endpoints") == ""
    refused = private("endpionts")
    assert "network.subnetId: subnet 'endpionts' does not exist" in refused
    assert "correct network.subnetId" in refused
    assert world.engine.operations == []
    assert private("endpoints") == ""
    assert world.engine.operations == []
    world.close()
