"""The whole cloud under any order of events, against a model that knows nothing of how it is made.

More of it: `WHOLE_CLOUD_EXAMPLES=1000 pytest tests/localazure/whole_cloud`, which draws
at random and looks for the shortest row of events that breaks a promise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from localazure import operations
from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive import data
from localazure.cognitive.account import Account
from localazure.keyvault import rules
from localazure.store import Store
from tests.localazure.whole_cloud.client import Way
from tests.localazure.whole_cloud.machine import WholeCloud

MORE = os.environ.get("WHOLE_CLOUD_EXAMPLES")


def play(way: Way, *, examples: int, steps: int) -> None:
    """Runs the machine. Only where more is asked for it also shrinks what it finds, which takes minutes."""
    quick = (Phase.explicit, Phase.generate)
    run_state_machine_as_test(
        lambda: WholeCloud(way),  # type: ignore[arg-type] # any factory will do
        settings=settings(
            max_examples=int(MORE or examples),
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=MORE is None,
            phases=(*quick, Phase.shrink) if MORE else quick,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """A cloud in this process, whose new RSA keys come out of a pool."""
    found = Way(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("examples", "steps"), [(3, 30), pytest.param(30, 50, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_in_any_order_of_events_every_promise_holds(way: Way, examples: int, steps: int) -> None:
    """Readable if and only if all is there, no early purge, no etag twice, nothing accepted is lost by a kill
    at any write."""
    play(way, examples=examples, steps=steps)


def _plant_a_kept_key(patch: pytest.MonkeyPatch) -> None:
    """Data keys are remembered: what was readable once stays so."""
    unwrap, kept = data.unwrap, {}

    def remembered(cloud: Cloud, account: Account, correlation_id: str) -> bytes:
        if str(account.wrapping) not in kept:
            kept[str(account.wrapping)] = unwrap(cloud, account, correlation_id)
        return kept[str(account.wrapping)]

    patch.setattr(data, "unwrap", remembered)


def _plant_etags_of_the_clock(patch: pytest.MonkeyPatch) -> None:
    """An etag is the second of the write."""
    patch.setattr(stored, "new_etag", lambda cloud: f'"{cloud.clock.now():.0f}"')


def _plant_operations_in_memory(patch: pytest.MonkeyPatch) -> None:
    """Operations live in the process, and end with it."""
    kept: WeakKeyDictionary[Cloud, dict[str, operations.Operation]] = WeakKeyDictionary()

    def save(cloud: Cloud, operation: operations.Operation) -> None:
        kept.setdefault(cloud, {})[operation.id] = operation

    patch.setattr(operations, "_save", save)
    patch.setattr(operations, "find", lambda cloud, name: kept.get(cloud, {}).get(name))


def _plant_a_forgetful_replace(patch: pytest.MonkeyPatch) -> None:
    """A PUT that is silent about purge protection takes it away."""
    patch.setattr(rules, "_STICKY", ())


def _plant_writes_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """What one request writes is no transaction."""
    patch.setattr(Store, "transaction", lambda _: nullcontext())


@pytest.mark.long
@pytest.mark.parametrize(
    "plant",
    [
        _plant_a_kept_key,
        _plant_etags_of_the_clock,
        _plant_operations_in_memory,
        _plant_a_forgetful_replace,
        _plant_writes_one_by_one,
    ],
)
def test_fails_for_a_planted_bug(
    way: Way, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The machine finds each bug of a kind that it is there to find."""
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        play(way, examples=200, steps=50)
