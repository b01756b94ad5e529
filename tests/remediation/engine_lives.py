"""How lives on the real engine are run: one mode a file, so that several run side by side."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.remediation.engine_machine import EngineRefusals
from tests.remediation.engine_world import MODES, standing
from tests.support.search import SEED, WIDE

STEPS = 2000 if WIDE else 300
"""Of all files together, more or less: Hypothesis ends some lives early."""
FILES = 4
STEPS_OF_A_LIFE = 25


def live(mode: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file's part of the steps (engine_machine.py says what one is)."""
    first = SEED + 1000 * [*MODES].index(mode)  # other lives in each mode
    machine = EngineRefusals
    machine.steps.clear()
    machine.happened.clear()
    with standing(folder, mode) as (machine.world, machine.standing):
        began, machine.world.runs = time.monotonic(), 0
        try:
            while (left := STEPS // FILES - machine.steps.total()) > 0:
                lives = -(-left // STEPS_OF_A_LIFE)
                chosen = settings(
                    max_examples=lives,
                    stateful_step_count=-(-left // lives) + 1,
                    phases=[Phase.generate],
                    database=None,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                )
                run_state_machine_as_test(seed(first + machine.steps.total())(machine), settings=chosen)
        finally:
            with capsys.disabled():
                seconds = time.monotonic() - began
                sys.stdout.write(
                    f"\n{mode}, seed {SEED}: {machine.steps.total()} steps and {machine.world.runs} "
                    f"commands in {seconds:.0f} s; steps: {dict(machine.steps)}; "
                    f"ways gone: {dict(machine.happened)}\n"
                )
