"""The whole cloud under any order of events, against a model that knows nothing of how it is made.

More of it: `WHOLE_CLOUD_EXAMPLES=1000 pytest tests/localazure/whole_cloud`, which draws
at random and looks for the shortest row of events that breaks a promise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

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
