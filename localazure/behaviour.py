"""How the local Azure behaves where Azure varies, or where nobody observed Azure.

Each attribute of `Behaviour` is a switch. `switches.json` has the question that it answers, its plausible
values, why the default may be wrong, and the source; `docs/assumptions.md` is made from it. Durations are
seconds on the cloud's clock unless a switch says otherwise.
"""

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from localazure import facts


@dataclass(frozen=True)
class Switch:
    """The row of the table about one attribute of `Behaviour`.

    `values` are the plausible ones, the default first. `free`: testers may also set others of the same type,
    such as durations and error codes. `source` is empty for a setting that only serves testing.
    """

    name: str
    question: str
    values: tuple[Any, ...]
    otherwise: str = ""
    source: str = ""
    free: bool = False

    @property
    def default(self) -> Any:
        return self.values[0]

    def problem(self, value: Any) -> str:
        """Why the switch cannot have this value; empty where it can."""
        usual = self.default
        if isinstance(usual, (bool, str)):
            fits = type(value) is type(usual) and (self.free or value in self.values)
            expected = "a text" if self.free else f"one of {list(self.values)}"
        else:
            whole = isinstance(usual, int)
            number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            fits = number and 0 <= value < math.inf
            expected = f"{'a whole number' if whole else 'a number'} of 0 or more"
        return "" if fits else f"{self.name} is {value!r}, expected {expected}"


SWITCHES = tuple(Switch(**{**row, "values": tuple(row["values"])}) for row in facts.read("switches.json"))


class Behaviour(SimpleNamespace):
    """The switches by name, each with its default unless it is `given`. Set them with `POST /behaviour` of
    the control endpoint."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{switch.name: switch.default for switch in SWITCHES} | given)


_BY_NAME = {switch.name: switch for switch in SWITCHES}


def restored(stored: dict[str, Any]) -> Behaviour:
    """A behaviour from its stored form; what another version of this code stored and this one cannot read
    is left out, so that the memory of the cloud can still be used."""
    known = {name: value for name, value in stored.items() if name in _BY_NAME}
    return Behaviour(**{name: value for name, value in known.items() if not _BY_NAME[name].problem(value)})


def changed(behaviour: Behaviour, changes: dict[str, Any]) -> Behaviour:
    """The behaviour with some switches set. Raises ValueError for unknown ones and for values they lack."""
    if unknown := sorted(set(changes) - set(_BY_NAME)):
        raise ValueError(f"unknown behaviour {unknown}; known are {sorted(_BY_NAME)}")
    if wrong := [found for name, value in changes.items() if (found := _BY_NAME[name].problem(value))]:
        raise ValueError("; ".join(wrong))
    return Behaviour(**{**vars(behaviour), **changes})
