"""Whether tests find what they are there for: `python -m tests.remediation.undo [--lives N] [WORD]`.

Takes one mend after the other out of the product, and lives until a life fails, or runs the test that
notices; the words choose mends. It takes minutes, so it is not part of the suite.

Does not own: the mends (mends.py), nor the lives (life.py, machine.py).
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.remediation.machine import Refusals
from tests.remediation.mends import MENDS, Mend
from tests.support.engine import UpdateError
from tests.support.stack import ROOT

STEPS_OF_A_LIFE = 6
LIVES_OF_A_RUN = 9
"""Of ten and more, Hypothesis makes the first tenth simple."""


def search(mend: Mend, lives: int) -> str:
    """How a life, or a test, failed without the mend; "" where none did."""
    if mend.test:
        command = [sys.executable, "-m", "tests.remediation.mends", mend.what, "pytest", "-qx", mend.test]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):  # of pytest: all passed, some failed
            raise RuntimeError(done.stdout + done.stderr)
        failed = re.search(r"^FAILED (.*)$", done.stdout, re.MULTILINE)
        return failed[1] if failed else ""
    with mock.patch.object(*mend.where, mend.without):
        for first in range(0, lives, LIVES_OF_A_RUN):
            chosen = settings(
                max_examples=min(LIVES_OF_A_RUN, lives - first),
                stateful_step_count=STEPS_OF_A_LIFE,
                phases=[Phase.generate],
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            )
            try:
                run_state_machine_as_test(seed(first)(Refusals), settings=chosen)
            except (AssertionError, UpdateError) as error:
                return str(error).strip() or type(error).__name__
    return ""


def main() -> int:
    """Prints what each search has found. 1 if one has found nothing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--lives", type=int, default=100, help="the most of one search")
    parser.add_argument("words", nargs="*", help="words of the mends that are taken out; default: all")
    asked = parser.parse_args()
    missed = 0
    logging.disable()
    for mend in MENDS:
        if asked.words and not any(word in mend.what for word in asked.words):
            continue
        began = time.monotonic()
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            found = search(mend, asked.lives)
        missed += not found
        first = found.splitlines()[0] if found else "NOT FOUND"
        sys.stdout.write(f"{mend.what}: {first} ({time.monotonic() - began:.0f} s)\n")
        sys.stdout.flush()
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
