"""Values as the engine's JSON has them: known, unknown until the update, secret, or absent."""

from collections.abc import Mapping
from typing import Any

from core.engine_values import OUTPUT, SECRET, SIGNATURE, UNKNOWNS
from core.values import Mark

__all__ = ["Mark", "Value", "flag", "folded", "items", "look", "text"]

Value = str | Mark | None


def look(properties: object, path: str) -> Any:
    """The value at a dotted path of property names; None when a part of it is not there.

    A mark on the way counts for everything below it.
    """
    found = properties
    for name in path.split("."):
        found = _open(found)
        if isinstance(found, Mark):
            return found
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return _open(found)


def text(value: object) -> Value:
    """A scalar as text, a mark as it is, None for anything else."""
    value = _open(value)
    if value is None or isinstance(value, Mark):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def flag(value: object) -> bool | Mark | None:
    """A boolean, also where it is written as text."""
    known = text(value)
    if isinstance(known, str):
        return {"true": True, "false": False}.get(known.strip().lower())
    return known


def items(value: object) -> list[Any] | Mark | None:
    """The elements of a list, opened one by one."""
    value = _open(value)
    if isinstance(value, Mark):
        return value
    return [_open(item) for item in value] if isinstance(value, list) else None


def folded(value: Value) -> str | None:
    """A known text for comparing: Azure's ids and enums have no case; None when it is not known."""
    return value.strip().rstrip("/").lower() if isinstance(value, str) else None


def _open(value: object) -> Any:
    if isinstance(value, str):
        if value == Mark.SECRET.value:
            return Mark.SECRET
        # A text made from an unknown part is unknown, too.
        return Mark.UNKNOWN if len(value) >= 36 and any(mark in value for mark in UNKNOWNS) else value
    if isinstance(value, Mapping) and SIGNATURE in value:
        signature = value[SIGNATURE]
        if signature == SECRET:
            return Mark.SECRET
        if signature == OUTPUT:
            # An output that is not known yet has no value.
            return Mark.SECRET if value.get("secret") else _open(value.get("value", Mark.UNKNOWN))
    return value
