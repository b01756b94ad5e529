"""Processor time as a test may judge it: the least of several runs, free of the garbage collector's walks
through what other tests left behind."""

from __future__ import annotations

import cProfile
import gc
import time
from collections.abc import Callable


def least_seconds(action: Callable[[], object], runs: int = 3) -> float:
    """Processor seconds of the quickest run: what the code itself takes, whatever else the machine does."""
    return min(_seconds(action) for _ in range(runs))


def _seconds(action: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        action()
        return time.process_time() - start
    finally:
        gc.enable()


def calls(work: Callable[[], object]) -> int:
    """The function calls that work makes; the same on each machine."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return int(sum(one.callcount for one in profile.getstats()))
