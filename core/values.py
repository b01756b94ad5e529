"""One property's value: known, unknown until the update, secret, or absent.

Reads the engine's JSON (a preview, a plan, a state, the inputs of a policy) and Resource Manager's, and
accepts every shape that a program may send: flags and numbers as text, a lone value for a list, any casing.
Never raises. A known value is as JSON has it, an absent or null one is None, the other two are a `Hidden`.
"""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from core.engine_values import OUTPUT, SECRET, SIGNATURE, UNKNOWNS


class Hidden(Enum):
    """A value that is there but is not shown. A policy is shown what is in a secret, which is known to it."""

    UNKNOWN = "known after apply"
    SECRET = "[secret]"  # noqa: S105 - what the engine itself writes in a secret's place

    @property
    def words(self) -> str:
        """The value as a message says it."""
        return "is not known yet" if self is Hidden.UNKNOWN else "is secret"


Value = str | Hidden | None
Shown = str | Hidden
"""A text as far as it is shown; "" for an absent one."""
UNKNOWN: Final = Hidden.UNKNOWN
_OUTER: Final = frozenset(
    {
        *("id", "name", "kind", "sku", "location", "identity", "scope", "resourceUri"),
        *("resourceGroupName", "vaultName", "accountName"),
    }
)
"""What azure-native never has inside `properties` of a type that is read here (of a vault no `sku` is)."""


def get_path(properties: object, path: str) -> Any:
    """The value at a dotted path of property names; None when a part of it is not there.

    A mark on the way counts for everything below it.
    """
    found = opened(properties)
    for name in path.split("."):
        found = _inside(found, name)
    return found


def prop(properties: object, path: str) -> Any:
    """The value under `properties` where there is such an object, else the same path on the top level.

    azure-native nests the inputs of a vault, a key and an account under `properties`, and flattens a key's
    outputs, a role assignment and a diagnostic setting. It drops what stands beside `properties` but belongs
    inside, so that counts as absent.
    """
    inner = get_path(properties, "properties")
    nests = isinstance(inner, dict | Hidden | Mapping) and path.partition(".")[0] not in _OUTER
    return get_path(inner if nests else properties, path)


def _inside(found: object, key: str) -> Any:
    # A dict is known sooner than a Mapping.
    if isinstance(found, dict | Mapping):
        return opened(found.get(key))
    return found if isinstance(found, Hidden) else None


def opened(value: object) -> Any:
    """A value without the engine's marks around it; a Hidden for what these hide."""
    if isinstance(value, str):
        if value == Hidden.SECRET.value:
            return Hidden.SECRET
        # A text made from an unknown part is unknown, too.
        return Hidden.UNKNOWN if len(value) >= 36 and any(mark in value for mark in UNKNOWNS) else value
    if value is not None and isinstance(value, dict | Mapping) and SIGNATURE in value:
        signature = value[SIGNATURE]
        if signature == SECRET:
            return Hidden.SECRET
        if signature == OUTPUT:
            # An output that is not known yet has no value.
            return Hidden.SECRET if value.get("secret") else opened(value.get("value", Hidden.UNKNOWN))
    return value


def text(value: object) -> Value:
    """A scalar as text, a mark as it is, None for anything else."""
    value = opened(value)
    if value is None or isinstance(value, Hidden):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def name(value: object) -> Value:
    """A text that says something; None for an empty one and for anything that is no text."""
    value = opened(value)
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, Hidden) else None


def known_name(value: object) -> str:
    """A text that says something and is known; "" for anything else."""
    found = name(value)
    return found if isinstance(found, str) else ""


def word(value: object) -> Value:
    """An enum's value for comparison: lower case, without any space."""
    found = name(value)
    if isinstance(found, str):
        return "".join(found.split()).lower()
    return found


def flag(value: object) -> bool | Hidden | None:
    """A boolean, also where it is written as text; None for anything else."""
    found = text(value)
    if isinstance(found, str):
        return {"true": True, "false": False}.get(found.strip().lower())
    return found


def number(value: object) -> int | Hidden | None:
    """A whole number, also from `2048.0` and `"2048"`; None for anything else."""
    value = opened(value)
    if isinstance(value, Hidden):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return int(found) if math.isfinite(found) and found.is_integer() else None


def instant(value: object) -> int | Hidden | None:
    """Seconds since 1970; None for anything else, and for 0 and earlier, which is how tools write "no date"
    (trivy AZU-0014 counts it as absent)."""
    seconds = number(value)
    return seconds if isinstance(seconds, Hidden) or (seconds is not None and seconds > 0) else None


def items(value: object) -> list[Any] | Hidden:
    """The elements of a list, opened one by one, some perhaps marks; none where it is absent. Of a map its
    names; a lone value as one element."""
    value = opened(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [opened(item) for item in value]
    if isinstance(value, Hidden):
        return value
    if isinstance(value, Mapping):
        return list(value)
    return [] if value is None else [value]


def each(value: object) -> list[Any]:
    """The elements of a list as `items` has them; of a list that is not shown its mark alone."""
    found = items(value)
    return [found] if isinstance(found, Hidden) else found


def folded(value: Value) -> str | None:
    """A known text for comparing: Azure's ids and enums have no case; None when it is not known."""
    return value.strip().rstrip("/").lower() if isinstance(value, str) else None


def as_text(value: Value) -> str:
    """A known text as it is, a mark by its words, and "" for an absent value."""
    if isinstance(value, Hidden):
        return value.value
    return value or ""


def shown(value: object) -> str:
    """A value as a message names it: on one line, and never the inside of an object."""
    value = opened(value)
    if value is None:
        return "not stated"
    if isinstance(value, Hidden):
        return value.words.removeprefix("is ")
    if isinstance(value, str):
        return '"' + "".join(char if char.isprintable() else "?" for char in value) + '"'
    if (scalar := text(value)) is not None:
        return str(scalar)
    return "an object" if isinstance(value, Mapping) else "a list"
