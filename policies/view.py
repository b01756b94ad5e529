"""A property bag as rules read it. Accepts every shape that the engine or a person may send; never raises.

Handles unknown values, secrets, booleans and numbers as text, and nested or flat properties.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from pulumi_policy import proxy
from pulumi_policy.secret import Secret

from core.engine_values import OUTPUT, SECRET, SIGNATURE, UNKNOWNS


class Unknown(enum.Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "not known before the update"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""The value of a property that only the update will know. Distinct from None, which is absent or null."""

type_of_unknown = Literal[Unknown.UNKNOWN]

_OUTER: Final = frozenset(
    {"id", "name", "location", "scope", "resourceUri", "vaultName", "accountName", "identity"}
)
"""What is never inside `properties`."""


def _unwrapped(value: object) -> object:
    """The plain value inside secrets and output marks; UNKNOWN for an unknown one."""
    while True:
        if isinstance(value, str):
            return UNKNOWN if value in UNKNOWNS else value
        # The SDK's proxies are no dicts, and hold no marks any more.
        if isinstance(value, dict) and SIGNATURE in value:
            if value[SIGNATURE] == OUTPUT and "value" not in value:
                return UNKNOWN
            if value[SIGNATURE] not in (SECRET, OUTPUT):
                return value
            value = value.get("value")
        elif isinstance(value, Secret):
            value = value.value
        else:
            return value


def step(value: object, key: str | int) -> object:
    """The child of `value` under a key or an index; None where there is none, UNKNOWN where not known."""
    if isinstance(key, int) and (isinstance(value, str) or not isinstance(value, Sequence)):
        return None
    try:
        return _unwrapped(value[key])  # type: ignore[index]
    except proxy.UnknownValueError:
        return UNKNOWN
    except (KeyError, IndexError, TypeError):
        return None


class View:
    """Reads one property bag, or one object inside it."""

    __slots__ = ("_bag",)

    def __init__(self, bag: object) -> None:
        self._bag = _unwrapped(bag)

    @property
    def is_unknown(self) -> bool:
        """True when the whole object is not known yet."""
        return self._bag is UNKNOWN

    @property
    def is_absent(self) -> bool:
        """True when there is no object: absent, null, or another shape."""
        return self._bag is not UNKNOWN and not isinstance(self._bag, Mapping)

    def values(self) -> dict[str, object]:
        """The values on the top level, by name; none where there is no object."""
        bag = self._bag
        return {name: step(bag, name) for name in bag} if isinstance(bag, Mapping) else {}

    def get(self, *path: str | int) -> object:
        """The value at `path`: None when absent or null, UNKNOWN when it or anything above it is unknown."""
        value = self._bag
        for key in path:
            if value is None or value is UNKNOWN:
                return value
            value = step(value, key)
        return value

    def prop(self, *path: str | int) -> object:
        """The value under `properties` where there is such an object, else the same path on the top level.

        azure-native nests a Vault's, a Key's and an Account's inputs under `properties`, and flattens a Key's
        outputs, a RoleAssignment and a DiagnosticSetting. It drops what stands beside `properties` but
        belongs inside, so that counts as absent.
        """
        inner = self.get("properties")
        nests = inner is UNKNOWN or isinstance(inner, Mapping)
        if nests and path[0] not in _OUTER:
            return self.get("properties", *path)
        return self.get(*path)

    def at(self, *path: str | int) -> View:
        """The object at `path`, read in the same way as `prop`."""
        return View(self.prop(*path))

    def flag(self, *path: str | int) -> bool | type_of_unknown | None:
        """A boolean, also from `"true"` and `"False"`; None for anything else."""
        return as_flag(self.prop(*path))

    def word(self, *path: str | int) -> str | type_of_unknown | None:
        """An enum value for comparison: lower case, without any space."""
        return as_word(self.prop(*path))

    def text(self, *path: str | int) -> str | type_of_unknown | None:
        """A string that says something; None for an empty one and for other types."""
        return as_text(self.prop(*path))

    def items(self, *path: str | int) -> tuple[object, ...] | type_of_unknown:
        """The elements of a list, some perhaps UNKNOWN; a map's keys; a lone value as one element."""
        return as_items(self.prop(*path))

    def views(self, *path: str | int) -> tuple[View, ...] | type_of_unknown:
        """The objects of a list."""
        found = self.items(*path)
        return found if found is UNKNOWN else tuple(View(item) for item in found)


def as_flag(value: object) -> bool | type_of_unknown | None:
    """See View.flag."""
    if isinstance(value, bool) or value is UNKNOWN:
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def as_text(value: object) -> str | type_of_unknown | None:
    """See View.text."""
    if value is UNKNOWN:
        return UNKNOWN
    return (value.strip() or None) if isinstance(value, str) else None


def as_word(value: object) -> str | type_of_unknown | None:
    """See View.word."""
    text = as_text(value)
    return "".join(text.split()).lower() if isinstance(text, str) else text


def as_number(value: object) -> int | type_of_unknown | None:
    """A whole number, also from `2048.0` and `"2048"`; None for anything else."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if math.isfinite(number) and number.is_integer() else None


def as_items(value: object) -> tuple[object, ...] | type_of_unknown:
    """See View.items."""
    if value is UNKNOWN:
        return UNKNOWN
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return tuple(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(step(value, index) for index in range(len(value)))
    return (value,)


def as_instant(value: object) -> int | type_of_unknown | None:
    """Seconds since 1970 from a number or an ISO 8601 text; None for anything else, and for 0 and earlier.

    Zero and year 1 are how tools write "no date" (trivy AZU-0014 counts them as absent).
    """
    seconds = as_number(value)
    if seconds is None and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return seconds if seconds is UNKNOWN or (seconds is not None and seconds > 0) else None


def shown(value: object) -> str:
    """A value as a message names it: on one line, and never the inside of an object."""
    if value is None:
        return "not stated"
    if value is UNKNOWN:
        return "not known yet"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        return '"' + "".join(char if char.isprintable() else "?" for char in value) + '"'
    if isinstance(value, int | float):
        return str(value)
    return (
        "an object"
        if isinstance(value, Mapping)
        else "a list"
        if isinstance(value, Sequence)
        else "not readable"
    )
