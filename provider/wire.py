"""Pulumi's values on the wire: unknowns, secrets and numbers, and nothing else in this provider knows them.

The engine sends property maps as protobuf Structs. An unknown is a marker string; a secret is a map with a
signature. Every property of this provider is a string or a number, so a decoded map is flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format, struct_pb2

from core import engine_values
from core.engine_values import OUTPUT, SECRET, SIGNATURE

UNKNOWN = engine_values.UNKNOWN

Value = Any


@dataclass(frozen=True)
class Properties:
    """A decoded property map: plain values (UNKNOWN among them), and the names of those that are secret.

    Properties that are null are absent.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()

    def known(self, name: str) -> Value | None:
        """The value, or None when it is absent or not known yet."""
        value = self.values.get(name)
        return None if value == UNKNOWN else value

    def text(self, name: str) -> str | None:
        """The value as text; None when it is absent, empty or not known yet."""
        value = self.known(name)
        return str(value) if value not in (None, "") else None

    def is_unknown(self, name: str) -> bool:
        return bool(self.values.get(name) == UNKNOWN)

    @property
    def has_unknowns(self) -> bool:
        return UNKNOWN in self.values.values()


def decode(struct: struct_pb2.Struct) -> Properties:
    """Reads a property map; whole floats become integers, as protobuf knows floats only."""
    raw = json_format.MessageToDict(struct)
    values: dict[str, Value] = {}
    secrets: set[str] = set()
    for name, wrapped in raw.items():
        value, secret = _unwrap(wrapped)
        if secret:
            secrets.add(name)
        if value is not None:
            values[name] = value
    return Properties(values, frozenset(secrets))


def encode(values: Mapping[str, Value], secrets: Iterable[str] = ()) -> struct_pb2.Struct:
    """Writes a property map without its nulls; the properties named in `secrets` are marked secret."""
    hidden = frozenset(secrets)
    struct = struct_pb2.Struct()
    struct.update(
        {
            name: {SIGNATURE: SECRET, "value": value} if name in hidden and value != UNKNOWN else value
            for name, value in values.items()
            if value is not None
        }
    )
    return struct


def _unwrap(value: Value) -> tuple[Value, bool]:
    if isinstance(value, dict):
        signature = value.get(SIGNATURE)
        if signature == SECRET:
            return _unwrap(value.get("value"))[0], True
        if signature == OUTPUT:
            return _unwrap(value.get("value", UNKNOWN))[0], bool(value.get("secret"))
    if isinstance(value, float) and value.is_integer():
        return int(value), False
    return value, False
