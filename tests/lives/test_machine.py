"""A stack's life in any order of what can happen to it: the real engine on the local Azure, no mocks."""

from __future__ import annotations

import os
import secrets
import sys
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.lives.life import Life
from tests.lives.machine import StackLife

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200)]
STEPS = int(os.environ.get("LIVES_STEPS", "50"))
STEPS_OF_A_LIFE = 10
"""Few, for Hypothesis leaves some of what may happen out of each life; each ends with an `up`."""


def test_a_life_in_any_order(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    """Never unbound but by an outsider, never unreadable when granted, never readable when revoked, never
    encrypted anew; an `up` that succeeds leaves nothing to do.

    LIVES_STEPS asks for more steps, at random; LIVES_SEED repeats them. Nothing is shrunk, for each step
    takes seconds: a failure prints all of its life.
    """
    given = os.environ.get("LIVES_SEED")
    number = int(given) if given else secrets.randbelow(2**32) if "LIVES_STEPS" in os.environ else 0
    StackLife.life, StackLife.steps = life, 0
    StackLife.runs.clear()
    chosen = settings(
        max_examples=STEPS // STEPS_OF_A_LIFE,
        stateful_step_count=STEPS_OF_A_LIFE,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    began = time.monotonic()
    try:
        run_state_machine_as_test(seed(number)(StackLife), settings=chosen)
    finally:
        with capsys.disabled():
            seconds, runs = time.monotonic() - began, StackLife.runs.total()
            kinds = ", ".join(f"{count} {kind}" for kind, count in StackLife.runs.most_common())
            sys.stdout.write(f"\nseed {number}: {StackLife.steps} steps in {seconds:.0f} s, ")
            sys.stdout.write(f"{runs} runs of the engine: {kinds}\n")
    assert StackLife.steps >= STEPS // 2
