"""The Pulumi schema of the supported types, and its names, types and defaults for the rules.

`schema.json` is written by `sdk.py`; GetSchema answers it, and it alone says which properties a type has.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

FILE: Final = Path(__file__).with_name("schema.json")
REFERENCE: Final = "#/types/"
Kind = Literal["string", "integer", "number", "boolean", "object", "array", "map", "any"]


@dataclass(frozen=True)
class Object:
    """An object with named properties; its name is Pulumi's type token."""

    name: str
    properties: dict[str, Property] = field(default_factory=dict, compare=False, repr=False)

    def __iter__(self) -> Iterator[Property]:
        return iter(self.properties.values())


@dataclass(frozen=True)
class Type:
    """`element` is set for an array or a map, `object` for an object."""

    kind: Kind
    element: Type | None = None
    object: Object | None = None


@dataclass(frozen=True)
class Property:
    """One property; `default` is what the specification says an absent value means, None if nothing."""

    name: str
    type: Type
    required: bool = False
    default: Any = None

    @property
    def is_string_set(self) -> bool:
        """Whether ARM takes and returns this list of ids as the keys of a map."""
        return self.name == "userAssignedIdentities" and self.type.kind == "array"


@dataclass(frozen=True)
class Shape:
    """A resource type's inputs and outputs."""

    inputs: Object
    outputs: Object


@functools.cache
def text() -> str:
    """The whole schema as JSON."""
    return FILE.read_text()


def version() -> str:
    """Of the azure-native whose types and behaviour these are."""
    return str(_package()["version"])


@functools.cache
def shape_of(token: str) -> Shape:
    """The shape of a resource type, for example `azure-native:keyvault:Vault`."""
    found = _package()["resources"][token]
    outputs = {**found["properties"], "id": {"type": "string"}}
    return Shape(
        _filled(Object(token), found["inputProperties"], found["requiredInputs"]),
        _filled(Object(token), outputs, found["required"]),
    )


@functools.cache
def _package() -> Mapping[str, Any]:
    package: Mapping[str, Any] = json.loads(text())
    return package


_objects: dict[str, Object] = {}


def _object(token: str) -> Object:
    """The object of a token; known before it is filled, as types may recur."""
    if token not in _objects:
        _objects[token] = Object(token)
        found = _package()["types"][token]
        _filled(_objects[token], found["properties"], found["required"])
    return _objects[token]


def _filled(owner: Object, properties: Mapping[str, Any], required: Iterable[str]) -> Object:
    names = frozenset(required)
    for name, spec in properties.items():
        owner.properties[name] = Property(name, _type(spec), name in names, spec.get("default"))
    return owner


def _type(spec: Mapping[str, Any]) -> Type:
    reference = spec.get("$ref", "")
    if reference.startswith(REFERENCE):
        return Type("object", object=_object(reference.removeprefix(REFERENCE)))
    if reference:
        return Type("any")
    if spec["type"] == "array":
        return Type("array", element=_type(spec["items"]))
    if spec["type"] == "object":
        return Type("map", element=_type(spec["additionalProperties"]))
    return Type(spec["type"])
