"""Between the engine's protobuf structs and plain values; the only place that knows how either is spelled."""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from localazure import facts
from localazure.standin.values import UNKNOWN, Properties, Value

UNKNOWN_TEXTS: Final[frozenset[str]] = frozenset(facts.read("standin/resource_types.json")["unknown"])
"""Pulumi's marks for an unknown bool, number, string, array, asset, archive and object
(sdk/go/common/resource/plugin/rpc.go)."""
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a tag of the protocol
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Plain values of a struct: whole numbers as int, nulls dropped, secrets and outputs unwrapped."""
    return {name: value for name, item in struct.fields.items() if (value := _from_value(item)) is not None}


def _from_value(value: struct_pb2.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _from_object(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        text: str = value.string_value
        return UNKNOWN if text in UNKNOWN_TEXTS else text
    return value.bool_value if kind == "bool_value" else None


def _from_object(struct: struct_pb2.Struct) -> Value:
    tag = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else ""
    if tag in (SECRET, OUTPUT):
        return _from_value(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
    return from_struct(struct)


def to_struct(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """The struct of plain values; `UNKNOWN` as the engine's unknown string, which stands for any type."""
    struct = struct_pb2.Struct()
    struct.update({name: _plain(value) for name, value in properties.items()})
    return struct


def _plain(value: Value) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
