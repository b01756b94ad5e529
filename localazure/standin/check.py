"""Check: what azure-native adds to the inputs of a program, and what it refuses in them."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from localazure.standin.schema import Object, Property, Shape, Type
from localazure.standin.table import AutoName, ResourceType, Rule
from localazure.standin.values import API_VERSION, CREATE_BEFORE_DELETE, UNKNOWN, Properties, Value

LOCATION: Final = "location"
SUFFIX_DIGITS = 8


class Mode(Enum):
    """The stack's `pulumi:autonaming` option, as the engine passes it on; the numbers are the protocol's."""

    PROPOSE = 0
    ENFORCE = 1
    DISABLE = 2


@dataclass(frozen=True)
class Autonaming:
    """The name that the stack's option proposes, and how much it means it."""

    proposed: str
    mode: Mode


def named(
    row: ResourceType,
    *,
    olds: Mapping[str, Value],
    news: Mapping[str, Value],
    logical: str,
    seed: bytes,
    option: Autonaming | None,
) -> Properties:
    """The new inputs with a name: the given one, else the one it had, else an automatic one."""
    inputs = dict(news)
    key = row.name_input
    if not key or key in inputs:
        return inputs
    if key in olds:
        inputs[key] = olds[key]
        if CREATE_BEFORE_DELETE in olds:
            inputs[CREATE_BEFORE_DELETE] = olds[CREATE_BEFORE_DELETE]
    else:
        name, random = _auto_name(row.auto_name, logical, seed, option)
        inputs |= ({key: name} if name else {}) | ({CREATE_BEFORE_DELETE: True} if random else {})
    return inputs


def lacks_location(shape: Shape, olds: Mapping[str, Value], news: Mapping[str, Value]) -> bool:
    """Whether a location has to be found: in the stack's config, else that of the resource group."""
    return LOCATION in shape.inputs.properties and LOCATION not in news and LOCATION not in olds


def located(shape: Shape, olds: Mapping[str, Value], news: Properties, found: Value | None) -> Properties:
    """The inputs with a location: the given one, else the one it had, else `found`."""
    if LOCATION not in shape.inputs.properties or LOCATION in news:
        return news
    location = olds.get(LOCATION, found)
    return news if location is None else {**news, LOCATION: location}


def versioned(row: ResourceType, inputs: Properties) -> Properties:
    """The inputs with the API version, for types that have one; one that they state stays."""
    return {API_VERSION: row.api_version, **inputs} if row.api_version else inputs


def failures(row: ResourceType, shape: Shape, inputs: Mapping[str, Value]) -> list[str]:
    """Every reason why the inputs cannot be right; unknown values and unknown properties pass."""
    required = [
        item for item in shape.inputs if item.required or item.name in (*row.required, row.name_input)
    ]
    missing = [f"missing required property '{item.name}'" for item in required if item.name not in inputs]
    return missing + [
        text
        for item in shape.inputs
        if item.name in inputs
        for text in _property(item.name, item, inputs[item.name], row.rule(item.name))
    ]


def _auto_name(
    kind: AutoName, logical: str, seed: bytes, option: Autonaming | None
) -> tuple[str | None, bool]:
    """The name, None where the stack wants every name given, and whether it is random, so that a replacement
    can exist beside what it replaces. `seed` makes it the same in every preview."""
    if option is not None:
        if option.mode is Mode.DISABLE:
            return None, False
        if option.mode is Mode.ENFORCE or kind is not AutoName.UUID:
            return option.proposed, False
    digest = hashlib.sha256(seed or secrets.token_bytes(32)).digest()
    if kind is AutoName.UUID:
        return str(uuid.UUID(bytes=digest[:16], version=4)), True
    if kind is AutoName.RANDOM:
        return logical + digest.hex()[:SUFFIX_DIGITS], True
    return logical, False


def _property(path: str, item: Property, value: Value, rule: Rule) -> Iterator[str]:
    yield from _value(path, item.type, value)
    if isinstance(value, str):
        yield from _text(path, value, rule)


def _value(path: str, type: Type, value: Value) -> Iterator[str]:
    if value is UNKNOWN or value is None or type.kind == "any":
        return
    if not isinstance(value, PYTHON_TYPES[type.kind]) or (
        isinstance(value, bool) and type.kind in ("integer", "number")
    ):
        yield f"'{path}' should be of type '{_spelled(type)}' but got {_shown(value)}"
    elif type.kind == "object" and type.object:
        yield from _object(path, type.object, value)
    elif type.kind == "array" and type.element:
        for index, item in enumerate(value):
            yield from _value(f"{path}[{index}]", type.element, item)
    elif type.kind == "map" and type.element:
        for name, item in value.items():
            yield from _value(f"{path}.{name}", type.element, item)


def _object(path: str, declared: Object, value: Mapping[str, Value]) -> Iterator[str]:
    for item in declared:
        if item.name in value:
            yield from _value(f"{path}.{item.name}", item.type, value[item.name])
        elif item.required:
            yield f"missing required property '{path}.{item.name}'"


def _text(path: str, value: str, rule: Rule) -> Iterator[str]:
    if rule.shortest is not None and len(value) < rule.shortest:
        yield f"'{path}' is too short ({len(value)}): at least {rule.shortest} characters required"
    if rule.longest is not None and len(value) > rule.longest:
        yield f"'{path}' is too long ({len(value)}): at most {rule.longest} characters allowed"
    if rule.pattern is not None and not re.search(rule.pattern, value):
        yield f"'{path}' does not match expression '{rule.pattern}'"


PYTHON_TYPES: Final[Mapping[str, Any]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "map": dict,
    "array": list,
}


def _spelled(type: Type) -> str:
    return "object" if type.kind == "map" else type.kind


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else f"'{value}'"
