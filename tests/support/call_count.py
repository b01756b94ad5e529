"""The work that code does, as a test may judge it."""

from __future__ import annotations

import cProfile
from collections.abc import Callable


def calls(work: Callable[[], object]) -> int:
    """The function calls that work makes; the same on each machine."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return int(sum(one.callcount for one in profile.getstats()))
