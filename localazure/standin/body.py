"""Between a program's properties and ARM's bodies, by shape: requests, outputs, and inputs from a response.

What a shape does not know is never sent and never stored.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localazure.standin.nesting import flattened, nested
from localazure.standin.row import OUTER, ResourceType
from localazure.standin.shape import Object, Property, Shape, Type
from localazure.standin.values import API_VERSION, UNKNOWN, Properties, Value, without_empty

Json = dict[str, Any]


def request_body(row: ResourceType, shape: Shape, inputs: Mapping[str, Value]) -> Json:
    """The whole body of a PUT; nulls, `__` marks, `azureApiVersion` and what is in the path are left out."""
    body: Json = {}
    for item in _in_body(row, shape):
        if inputs.get(item.name) is not None:
            _container(row, body, item.name, flat=row.flat_inputs)[_wire(row, item.name)] = _sent(
                row, item, inputs[item.name]
            )
    return body


def removed_from_sets(
    row: ResourceType, shape: Shape, body: Json, old_inputs: Mapping[str, Value]
) -> tuple[Json, bool]:
    """The body with a null for every id that left a set of ids, and whether there is any.

    ARM keeps the ids that a body does not name; azure-native then sends the body as a PATCH.
    """
    merged, found = copy.deepcopy(body), False

    def walk(old: Any, new: Any, owner: Object) -> None:
        nonlocal found
        for item in owner:
            name = _wire(row, item.name)
            if item.is_string_set and isinstance(old, dict):
                for id in old.get(name) or {}:
                    if id not in (new.get(name) or {}):
                        new.setdefault(name, {})[id] = None
                        found = True
            elif item.type.object and isinstance(old, dict) and isinstance(new.get(name), dict):
                walk(old.get(name), new[name], item.type.object)

    walk(request_body(row, shape, old_inputs), merged, shape.inputs)
    return merged, found


def outputs(row: ResourceType, shape: Shape, response: Mapping[str, Any]) -> Properties:
    """The state of a resource: what the outputs' shape knows of a response, nulls dropped."""
    found: Properties = {}
    for item in shape.outputs:
        value = _place(row, response, item.name, flat=row.flat_outputs).get(_wire(row, item.name))
        if value is not None:
            found[item.name] = _received(row, item, value)
    if row.api_version:
        found[API_VERSION] = row.api_version
    return found


def response_of(row: ResourceType, shape: Shape, state: Mapping[str, Value]) -> Json:
    """The response that a stored state came from, as far as the state has it."""
    body: Json = {}
    for item in shape.outputs:
        if item.name in state and item.name != API_VERSION:
            _container(row, body, item.name, flat=row.flat_outputs)[_wire(row, item.name)] = _sent(
                row, item, state[item.name]
            )
    return body


def inputs_of(row: ResourceType, shape: Shape, response: Mapping[str, Any]) -> Properties:
    """The inputs that would make a response: neither read-only nor empty properties, nor path fields."""
    found: Properties = {}
    for item in _in_body(row, shape):
        value = _place(row, response, item.name, flat=row.flat_inputs).get(_wire(row, item.name))
        if value is not None:
            found[item.name] = _received(row, item, value)
    cleaned: Properties = without_empty(found)
    return cleaned


def preview(row: ResourceType, shape: Shape, inputs: Mapping[str, Value]) -> Properties:
    """What a create will surely give: each input that an output of the same name and form echoes, all else
    unknown. A key's outputs stand elsewhere than its inputs, so that none of them is known."""

    def known(owner: Object, given: Mapping[str, Value]) -> Properties:
        return {item.name: value(item.type, given.get(item.name)) for item in owner}

    def value(type: Type, given: Value) -> Value:
        if type.object:
            return known(type.object, given) if isinstance(given, dict) else UNKNOWN
        if type.kind == "array" and type.element and isinstance(given, list):
            return [value(type.element, item) for item in given]
        if type.kind == "map" and type.element:
            element = type.element
            is_map = isinstance(given, dict)
            return {name: value(element, item) for name, item in given.items()} if is_map else UNKNOWN
        return UNKNOWN if given is None else given

    found = known(shape.outputs, inputs)
    if row.api_version:
        found[API_VERSION] = row.api_version
    return found


def wire_path(row: ResourceType, path: tuple[str, ...]) -> tuple[str, ...]:
    """Where an input's path leads to in ARM's body."""
    return ("properties", *path) if _inside(row, path[0], flat=row.flat_inputs) else path


def at(body: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a path, None without one."""
    found: Any = body
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def put_at(body: Json, path: tuple[str, ...], value: Any) -> None:
    """Sets the value at a path, making the objects on the way."""
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def without(properties: Properties, path: tuple[str, ...]) -> Properties:
    """A copy that lacks what is at a path."""
    copied = copy.deepcopy(properties)
    owner = at(copied, path[:-1])
    if isinstance(owner, dict):
        owner.pop(path[-1], None)
    return copied


def _in_body(row: ResourceType, shape: Shape) -> Iterator[Property]:
    return (item for item in shape.inputs if item.name not in row.path_fields)


def _inside(row: ResourceType, name: str, *, flat: bool) -> bool:
    return flat and (name not in OUTER or name in row.inner)


def _container(row: ResourceType, body: Json, name: str, *, flat: bool) -> Json:
    found: Json = body.setdefault("properties", {}) if _inside(row, name, flat=flat) else body
    return found


def _place(row: ResourceType, body: Mapping[str, Any], name: str, *, flat: bool) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (body.get("properties") or {}) if _inside(row, name, flat=flat) else body
    return found


def _wire(row: ResourceType, name: str) -> str:
    return row.renames.get(name, name)


def _sent(row: ResourceType, item: Property, value: Value) -> Any:
    if item.is_string_set and isinstance(value, list):
        return UNKNOWN if UNKNOWN in value else {id: {} for id in value}
    return _walked(
        item.type,
        value,
        lambda sub: (sub.name, _wire(row, sub.name)),
        lambda sub, found: _sent(row, sub, found),
        after=nested,
    )


def _received(row: ResourceType, item: Property, value: Any) -> Value:
    if item.is_string_set and isinstance(value, dict):
        return list(value)
    return _walked(
        item.type,
        value,
        lambda sub: (_wire(row, sub.name), sub.name),
        lambda sub, found: _received(row, sub, found),
        before=flattened,
    )


Restructure = Callable[[Object, Mapping[str, Any]], Mapping[str, Any]]


def _as_it_is(_: Object, found: Mapping[str, Any]) -> Mapping[str, Any]:
    return found


def _walked(
    type: Type,
    value: Any,
    names: Callable[[Property], tuple[str, str]],
    convert: Callable[[Property, Any], Any],
    *,
    before: Restructure = _as_it_is,
    after: Restructure = _as_it_is,
) -> Any:
    """The value with the properties that its type knows; `names` gives the old and the new name of each.

    `before` and `after` move an object's properties in or out of its `properties`.
    """
    if isinstance(value, dict) and type.object:
        pairs = [(sub, *names(sub)) for sub in type.object]
        found = before(type.object, value)
        kept = {new: convert(sub, found[old]) for sub, old, new in pairs if found.get(old) is not None}
        return dict(after(type.object, kept))
    element = type.element or Type("any")
    if isinstance(value, dict):
        return {
            name: _walked(element, item, names, convert, before=before, after=after)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_walked(element, item, names, convert, before=before, after=after) for item in value]
    return value
