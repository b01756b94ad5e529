"""Whether the machines find what they are there for: `python -m tests.remediation.undo [--lives N] [WORD]`.

Takes one mend after the other out of the product, and lives until a life fails; the words choose mends. It
takes minutes, so it is not part of the suite. Each search is a process, and two run at once.

Does not own: the mends (mends.py), nor the lives (life.py, engine_machine.py).
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.remediation.engine_machine import EngineRefusals, FailedLifeError
from tests.remediation.engine_world import standing
from tests.remediation.machine import Refusals
from tests.remediation.mends import MENDS, WITHOUT, Mend
from tests.support.engine import UpdateError
from tests.support.stack import ROOT

STEPS_OF_A_LIFE, STEPS_OF_AN_ENGINES_LIFE, AT_ONCE = 6, 25, 2
LIVES_OF_A_RUN = 9
"""Of ten and more, Hypothesis makes the first tenth simple."""


def search(mend: Mend, lives: int) -> str:
    """How a life failed without the mend; "" where none of so many did."""
    living = _on_the_engine if mend.engine else _in_this_process
    with living(mend) as (machine, steps):
        for first in range(0, lives, LIVES_OF_A_RUN):
            chosen = settings(
                max_examples=min(LIVES_OF_A_RUN, lives - first),
                stateful_step_count=steps,
                phases=[Phase.generate],
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            )
            try:
                run_state_machine_as_test(seed(first)(machine), settings=chosen)
            except (AssertionError, UpdateError, FailedLifeError) as error:
                return str(error).strip() or type(error).__name__
    return ""


@contextmanager
def _in_this_process(mend: Mend) -> Iterator[tuple[type[RuleBasedStateMachine], int]]:
    """The machine without the mend, and how many steps a life has."""
    with mock.patch.object(*mend.where, mend.without):
        yield Refusals, STEPS_OF_A_LIFE


@contextmanager
def _on_the_engine(mend: Mend) -> Iterator[tuple[type[RuleBasedStateMachine], int]]:
    """The same. Every process that the engine starts is without the mend, and so are this project's
    commands."""
    os.environ.update({WITHOUT: mend.what, "PYTHONPATH": str(ROOT)})
    with TemporaryDirectory() as folder, standing(Path(folder), mend.engine) as made:
        EngineRefusals.world, EngineRefusals.standing = made
        yield EngineRefusals, STEPS_OF_AN_ENGINES_LIFE


def _searched(job: tuple[int, int]) -> tuple[int, str, float]:
    number, lives = job
    began = time.monotonic()
    logging.disable()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        found = search(MENDS[number], lives)
    return number, found, time.monotonic() - began


def _told(found: str) -> str:
    """The line that says what is wrong, of what an engine has printed as well."""
    lines = [line.strip() for line in found.partition("\nThe life:")[0].splitlines()]
    errors = [line for line in lines if line.startswith(("error: ", "service "))]
    return errors[-1] if lines[0].startswith("Updating") and errors else lines[0]


def main() -> int:
    """Prints what each search has found. 1 if one has found nothing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--lives", type=int, default=100, help="the most of one search")
    parser.add_argument("words", nargs="*", help="words of the mends that are taken out; default: all")
    asked = parser.parse_args()
    jobs = [
        (number, asked.lives)
        for number, mend in enumerate(MENDS)
        if not asked.words or any(word in mend.what for word in asked.words)
    ]
    missed = 0
    with multiprocessing.get_context("spawn").Pool(AT_ONCE, maxtasksperchild=1) as pool:
        for number, found, seconds in pool.imap_unordered(_searched, jobs):
            missed += not found
            mend, first = MENDS[number], _told(found) if found else "NOT FOUND"
            point = f"point {mend.points}: " if mend.points else ""
            sys.stdout.write(f"{point}{mend.what}: {first} ({seconds:.0f} s)\n")
            sys.stdout.flush()
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
