"""The Pulumi schema of the supported types, and the shapes that the rules read from it.

`schema.json` is written by `sdk.py`; GetSchema answers it, and it alone says which properties a type has.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from localazure.standin.shape import Object, Property, Shape, Type

FILE: Final = Path(__file__).with_name("schema.json")
REFERENCE: Final = "#/types/"


@functools.cache
def text() -> str:
    """The whole schema as JSON."""
    return FILE.read_text()


@functools.cache
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
def function_shape(token: str) -> Shape:
    """The shape of a function: its arguments, and what it gives."""
    found = _package()["functions"][token]
    arguments, result = found["inputs"], found["outputs"]
    return Shape(
        _filled(Object(token), arguments["properties"], arguments["required"]),
        _filled(Object(token), result["properties"], result["required"]),
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
