"""How a process of ours ends."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """\
import gc, json, argparse
from core.garbage import collect_seldom
collect_seldom()
kept = [[] for _ in range(20_000)]
gc.set_debug(gc.DEBUG_STATS)
"""


def test_at_its_end_a_process_looks_at_nothing_that_it_has() -> None:
    """The system takes back all memory; Python would look at each object twice more."""
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    looks = re.findall(r"objects in each generation: (\d+) (\d+) (\d+)", done.stderr)
    looked_at = [sum(map(int, generations)) for generations in looks]
    assert max(looked_at, default=0) < 1000, done.stderr
