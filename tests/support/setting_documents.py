"""Stack configurations as Hypothesis makes them: settings that are right by themselves, in any combination,
for one service or several; and some of them spoilt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

_VALUES = json.loads(Path(__file__).with_suffix(".json").read_text())
RIGHT: Mapping[str, list[Any]] = _VALUES["right"]
"""Values of every setting, right by themselves."""
WRONG: Mapping[str, list[Any]] = _VALUES["wrong"]
"""Values of the right type that Azure, or the component, would refuse."""

# Of the type of no setting, whatever it takes: such an object has a name that none of them knows.
_SPOILT: dict[str, Any] = {"no such thing": [{}]}
# Any text is right, and a stack's file has all values as texts.
_ANYTHING = frozenset({"searchServiceKey"})


@dataclass(frozen=True)
class Document:
    """A configuration as Pulumi hands it over, and the paths of the settings that were spoilt."""

    config: Mapping[str, str]
    spoilt: frozenset[str]


@st.composite
def documents(draw: st.DrawFn, *, services: bool = True) -> Document:
    """Configurations of one service or several, most of them right in each setting, some spoilt in a few."""
    service = _said(draw)
    paths = [("", path) for path in service]
    whole: dict[str, Any] = _nested(service)
    if services and draw(st.integers(0, 3)) == 0:
        own = [_said(draw, most=2) for _ in range(draw(st.integers(1, 2)))]
        shared = {path: value for path, value in service.items() if path not in ("name", "location")}
        whole = {**_nested(shared), "services": [_nested(said) for said in own]}
        paths = [(f"services[{index}].", path) for index, said in enumerate(own) for path in said]
    paths = [(prefix, path) for prefix, path in paths if path not in _ANYTHING]
    chosen = draw(st.lists(st.sampled_from(paths), max_size=2, unique=True)) if draw(st.booleans()) else []
    for prefix, path in chosen:
        where = whole if not prefix else whole["services"][int(prefix[9:-2])]
        *groups, last = path.split(".")
        for group in groups:
            where = where[group]
        where[last] = draw(st.sampled_from([_SPOILT, *WRONG.get(path, [])]))
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in whole.items()}
    return Document(texts, frozenset(prefix + path for prefix, path in chosen))


def _said(draw: st.DrawFn, *, most: int = 7) -> dict[str, Any]:
    always = ["name", "location"]
    rest = st.lists(
        st.sampled_from([path for path in RIGHT if path not in always]), max_size=most, unique=True
    )
    return {path: draw(st.sampled_from(RIGHT[path])) for path in [*always, *draw(rest)]}


def _nested(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in said.items():
        *groups, last = path.split(".")
        where = found
        for group in groups:
            where = where.setdefault(group, {})
        where[last] = value
    return found
