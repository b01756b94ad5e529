"""Check: azure-native's additions to the inputs of a program, and its refusals of them."""

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from localazure.standin.schema import Object, Type
from localazure.standin.table import ResourceType, Rule
from localazure.standin.values import CREATE_BEFORE_DELETE, UNKNOWN, Properties, Value

SUFFIX_DIGITS = 8


def named(
    row: ResourceType,
    *,
    olds: Mapping[str, Value],
    news: Mapping[str, Value],
    logical: str,
    seed: bytes,
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
        inputs |= {key: _auto_name(row.auto_name, logical, seed)}
        # A random name lets a replacement exist beside what it replaces.
        inputs |= {} if row.auto_name == "copy" else {CREATE_BEFORE_DELETE: True}
    return inputs


def failures(row: ResourceType, inputs: Mapping[str, Value]) -> list[str]:
    """Every reason why the inputs cannot be right; unknown values and unknown properties pass."""
    found = [*_object("", row.shape.inputs, inputs, row.required)]
    for name, value in inputs.items():
        if isinstance(value, str):
            found += _text(name, value, row.rule(name))
    return found


def _auto_name(kind: str, logical: str, seed: bytes) -> str:
    """`seed` makes it the same in every preview."""
    digest = hashlib.sha256(seed or secrets.token_bytes(32)).digest()
    if kind == "uuid":
        return str(uuid.UUID(bytes=digest[:16], version=4))
    return logical + digest.hex()[:SUFFIX_DIGITS] if kind == "random" else logical


def _value(path: str, type: Type, value: Value) -> Iterator[str]:
    if value is UNKNOWN or value is None or type.kind == "any":
        return
    if not isinstance(value, PYTHON_TYPES[type.kind]) or (
        isinstance(value, bool) and type.kind in ("integer", "number")
    ):
        kind = "object" if type.kind == "map" else type.kind
        yield f"'{path}' should be of type '{kind}' but got {_shown(value)}"
    elif type.kind == "object" and type.object:
        yield from _object(f"{path}.", type.object, value)
    elif type.kind == "array" and type.element:
        for index, item in enumerate(value):
            yield from _value(f"{path}[{index}]", type.element, item)
    elif type.kind == "map" and type.element:
        for name, item in value.items():
            yield from _value(f"{path}.{name}", type.element, item)


def _object(
    path: str, declared: Object, value: Mapping[str, Value], also_required: Sequence[str] = ()
) -> Iterator[str]:
    for item in declared:
        if item.name in value:
            yield from _value(f"{path}{item.name}", item.type, value[item.name])
        elif item.required or item.name in also_required:
            yield f"missing required property '{path}{item.name}'"


def _text(path: str, value: str, rule: Rule) -> Iterator[str]:
    if len(value) < rule.shortest:
        yield f"'{path}' is too short ({len(value)}): at least {rule.shortest} characters required"
    if rule.longest is not None and len(value) > rule.longest:
        yield f"'{path}' is too long ({len(value)}): at most {rule.longest} characters allowed"
    if not re.search(rule.pattern, value):
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


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else f"'{value}'"
