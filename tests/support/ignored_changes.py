"""What the engine does with `ignoreChanges`, for tests that stand in for it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any


def reset(path: str, old: Mapping[str, Any], new: dict[str, Any]) -> None:
    """What the engine does with a path of ignoreChanges: the old value, or none where there was none."""
    *parents, last = [part for part in re.split(r"[.\[\]\"']+", path) if part]
    target: Any = new
    source: Any = old
    for part in parents:
        source = source.get(part) if isinstance(source, Mapping) else None
        if not isinstance(target.get(part), dict):
            if source is None:
                return
            target[part] = {}
        target = target[part]
    if isinstance(source, Mapping) and last in source:
        target[last] = copy.deepcopy(source[last])
    else:
        target.pop(last, None)
