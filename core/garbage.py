"""How often a process that ends within minutes looks for garbage."""

import atexit
import gc

_NEW_OBJECTS = 10_000
"""How many objects are made before Python looks at the newest ones; 700 by default."""


def collect_seldom() -> None:
    """Leaves out of each search what exists now, mostly imported modules, and makes searches rarer. Called
    once, where a process begins: garbage that exists then is kept for ever. A process may `gc.disable()`
    before its imports; this enables it. Python's own thresholds cost a program of 1,100 resources a sixth of
    its processor time; these cost it 3 MiB (docs/speed.md).

    It does not look at the end either, when the system takes back all memory."""
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
    gc.enable()
    atexit.register(gc.disable)
    atexit.register(gc.freeze)
