"""Pulumi's values on the wire: unknowns, secrets and numbers. Only this module knows their form.

The engine sends property maps as protobuf Structs. An unknown is a marker string; a secret is a map with a
signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from google.protobuf import struct_pb2

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


@dataclass(frozen=True)
class ResourceState:
    """A resource as it was left or found. An empty `id` of a read says that it is gone."""

    id: str
    outputs: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Value] | None = None


def decode(struct: struct_pb2.Struct) -> Properties:
    """Reads a property map; whole floats become integers, as protobuf knows floats only."""
    values: dict[str, Value] = {}
    secrets: set[str] = set()
    for name, wrapped in struct.fields.items():
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


HIDDEN = "[secret]"
_REQUEST_MAPS = ("news", "olds", "old_inputs", "inputs", "properties", "args")
_COMMON = re.compile(
    r"https?|keys|subscriptions|resourcegroups|providers|microsoft.*|accounts|vaults?|managedhsms?",
    re.IGNORECASE,
)
"""The parts of ids and URIs that are never secret."""


def hiding(request: Any) -> Callable[[str], str]:
    """A function that replaces a request's secrets in a message: each secret, and each part of it, such as
    the host of a URI and the names in an id. The engine does not hide secrets in messages (pulumi 3.259).
    Most requests bring no message, so the first message looks for the secrets."""

    @cache
    def secrets() -> re.Pattern[str]:
        tells: set[str] = set()
        for name in request.DESCRIPTOR.fields_by_name:
            if name in _REQUEST_MAPS:
                given = decode(getattr(request, name))
                tells.update(*(_parts(given.values.get(secret)) for secret in given.secrets))
        longest_first = sorted(tells, key=len, reverse=True)
        words = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)" if tells else r"(?!)"
        return re.compile(words, re.IGNORECASE)

    return lambda message: secrets().sub(HIDDEN, message)


def _parts(value: Value) -> set[str]:
    """A value as text, and each part of it that a message may quote."""
    if isinstance(value, dict | list):
        return set().union(*map(_parts, value.values() if isinstance(value, dict) else value))
    text = "" if value in (None, UNKNOWN) or isinstance(value, bool) else str(value)
    parts = {text, text.strip(), repr(text)[1:-1]}
    for segment in re.split(r"[/:?#@\s]+", text):
        parts |= {segment, segment.partition(".")[0]}
    return {part for part in parts if part and not _COMMON.fullmatch(part)}


def _unwrap(value: struct_pb2.Value) -> tuple[Value, bool]:
    """A value, and whether it is secret. `json_format` could do half of this, but its import takes a tenth of
    the plugin's start."""
    match value.WhichOneof("kind"):
        case "list_value":
            found = [_unwrap(item) for item in value.list_value.values]
            return [item for item, _ in found], any(secret for _, secret in found)
        case "struct_value":
            members = {name: _unwrap(member) for name, member in value.struct_value.fields.items()}
            signature, inner = members.get(SIGNATURE, ("", False))[0], members.get("value")
            if signature == SECRET:
                return inner[0] if inner else None, True
            if signature == OUTPUT:
                return inner[0] if inner else UNKNOWN, "secret" in members and bool(members["secret"][0])
            plain = {name: member for name, (member, _) in members.items()}
            return plain, any(secret for _, secret in members.values())
        case "number_value" if value.number_value.is_integer():
            return int(value.number_value), False
        case None | "null_value":
            return None, False
        case kind:
            return getattr(value, kind), False
