"""Values as the engine's JSON has them: known, unknown until the update, secret, or not there.

Owns: telling these four apart. The signatures are the Pulumi SDK's (sdk/go/common/resource/plugin/rpc.go and
sdk/go/common/resource/sig).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final


class Mark(Enum):
    """A value that is there but cannot be shown."""

    UNKNOWN = "known after apply"
    SECRET = "[secret]"  # noqa: S105 - what the engine itself writes in a secret's place


Value = str | Mark | None

_UNKNOWN: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
_SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public marker
_OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


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
        return Mark.UNKNOWN if len(value) >= 36 and any(mark in value for mark in _UNKNOWN) else value
    if isinstance(value, Mapping) and _SIGNATURE_KEY in value:
        signature = value[_SIGNATURE_KEY]
        if signature == _SECRET_SIGNATURE:
            return Mark.SECRET
        if signature == _OUTPUT_SIGNATURE:
            # An output that is not known yet has no value.
            return Mark.SECRET if value.get("secret") else _open(value.get("value", Mark.UNKNOWN))
    return value
