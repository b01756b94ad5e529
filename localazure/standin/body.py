"""Between a program's properties and ARM's bodies, by shape: requests, outputs, inputs, refreshed inputs.

It never sends nor stores a property that a shape does not know.
"""

from collections.abc import Mapping
from typing import Any, Final

from localazure.standin.schema import Object, Type
from localazure.standin.table import ResourceType
from localazure.standin.values import API_VERSION, UNKNOWN, Properties, Value, without_empty

Json = dict[str, Any]
_OUTER: Final = frozenset(
    {"id", "name", "type", "location", "tags", "etag", "kind", "sku", "identity", "systemData", "managedBy"}
    | {"extendedLocation", "zones", "plan"}
)
"""The properties that ARM keeps outside `properties`."""
_NESTING: Final = frozenset({"network", "privatedns"})
"""Where ARM spells an object that has a name or an id, such as a connection inside an endpoint, with
`properties` of its own, and azure-native without."""
_PLAIN: Final = ("Sku", "SkuResponse", "ExtendedLocation", "ExtendedLocationResponse")


def request_body(row: ResourceType, inputs: Mapping[str, Value]) -> Json:
    """The whole body of a PUT; nulls, `__` marks, `azureApiVersion` and what is in the path are left out."""
    return _sent(
        row, row.shape.inputs, {name: inputs[name] for name in inputs if name not in row.path_fields}
    )


def removed_from_sets(row: ResourceType, body: Json, old_inputs: Mapping[str, Value]) -> Json:
    """The body with a null for every user-assigned identity that left, or the body itself where none did.

    ARM keeps the ids that a body does not name; azure-native then sends the body as a PATCH.
    """
    path = ("identity", "userAssignedIdentities")
    kept = at(body, path) or {}
    gone = {id: None for id in at(request_body(row, old_inputs), path) or {} if id not in kept}
    if not gone or "identity" not in body:
        return body
    return {**body, "identity": {**body["identity"], path[1]: {**kept, **gone}}}


def outputs(row: ResourceType, response: Mapping[str, Any]) -> Properties:
    """The state of a resource: what the outputs' shape knows of a response, nulls dropped."""
    found = _received(row, row.shape.outputs, response)
    return {**found, API_VERSION: row.api_version} if row.api_version else found


def inputs_of(row: ResourceType, response: Mapping[str, Any]) -> Properties:
    """The inputs that would make a response: neither read-only nor empty properties, nor path fields."""
    found = _received(row, row.shape.inputs, response)
    cleaned: Properties = without_empty({name: found[name] for name in found if name not in row.path_fields})
    return cleaned


def refreshed(
    row: ResourceType,
    *,
    inputs: Mapping[str, Value],
    old_outputs: Mapping[str, Value],
    new_outputs: Mapping[str, Value],
) -> Properties:
    """The stored inputs with every later change of the resource applied.

    Old and new outputs are both seen as inputs and compared, so that a default which was there all along
    does not become an input, and any later change does, also an added property.
    """
    before, after = (
        inputs_of(row, _sent(row, row.shape.outputs, state)) for state in (old_outputs, new_outputs)
    )
    if row.shared and at(inputs, row.shared) is None:
        for state in (before, after):
            (at(state, row.shared[:-1]) or {}).pop(row.shared[-1], None)
    return applied(inputs, before, after)


def applied(
    inputs: Mapping[str, Value], before: Mapping[str, Value], after: Mapping[str, Value]
) -> Properties:
    """The inputs with the changes between two states of them; unchanged parts stay as written."""
    result = dict(inputs)
    for name in [*before, *(key for key in after if key not in before)]:
        if before.get(name) == after.get(name):
            continue
        if name not in after:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), before.get(name), after[name])
    return result


def preview(row: ResourceType, inputs: Mapping[str, Value]) -> Properties:
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

    found = known(row.shape.outputs, inputs)
    if row.api_version:
        found[API_VERSION] = row.api_version
    return found


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


def _merged(stored: Value, before: Value, after: Value) -> Value:
    if isinstance(before, dict) and isinstance(after, dict) and (stored is None or isinstance(stored, dict)):
        return applied(stored or {}, before, after)
    alike = isinstance(stored, list) and isinstance(before, list) and isinstance(after, list)
    if alike and len(stored) == len(before) == len(after):
        return [
            item if old == new else _merged(item, old, new)
            for item, old, new in zip(stored, before, after, strict=True)
        ]
    return after


def _sent(row: ResourceType, owner: Object, values: Mapping[str, Value]) -> Json:
    """A resource's properties as ARM spells them: most inside `properties`, unless the program says so."""
    found = _object(row, owner, values, sent=True)
    return _nested(found, _OUTER.difference(row.inner)) if _is_flat(row, owner) else found


def _received(row: ResourceType, owner: Object, body: Mapping[str, Any]) -> Properties:
    if _is_flat(row, owner):
        body = _flattened(body, _OUTER.difference(row.inner))
    return _object(row, owner, body, sent=False)


def _is_flat(row: ResourceType, owner: Object) -> bool:
    return "properties" not in {*owner.properties, *row.renames.values()}


def _walked(row: ResourceType, type: Type, value: Any, *, sent: bool) -> Any:
    """The value with the properties that its type knows, as ARM spells them where it is sent."""
    element = type.element or Type("any")
    if isinstance(value, list):
        return [_walked(row, element, item, sent=sent) for item in value]
    if not isinstance(value, dict):
        return value
    owner = type.object
    if owner is None:
        there = {name: item for name, item in value.items() if item is not None}
        return {name: _walked(row, element, item, sent=sent) for name, item in there.items()}
    if not _is_nested(owner):
        return _object(row, owner, value, sent=sent)
    if sent:
        return _nested(_object(row, owner, value, sent=True), _OUTER)
    return _object(row, owner, _flattened(value, _OUTER), sent=False)


def _object(row: ResourceType, owner: Object, value: Mapping[str, Any], *, sent: bool) -> Properties:
    found = {}
    for item in owner:
        spelled = row.renames.get(item.name, item.name)
        old, new = (item.name, spelled) if sent else (spelled, item.name)
        if value.get(old) is not None:
            given = value[old]
            if not item.is_string_set or not isinstance(given, list if sent else dict):
                found[new] = _walked(row, item.type, given, sent=sent)
            elif sent:
                found[new] = UNKNOWN if UNKNOWN in given else {id: {} for id in given}
            else:
                found[new] = list(given)
    return found


def _is_nested(owner: Object) -> bool:
    _, module, name = owner.name.split(":")
    names = set(owner.properties)
    named = bool(names & {"name", "id"} and names - _OUTER)
    return named and module in _NESTING and not name.endswith(_PLAIN)


def _nested(flat: Json, outer: frozenset[str]) -> Json:
    """An object with all but its outer properties inside `properties`."""
    inner = {name: value for name, value in flat.items() if name not in outer}
    kept = {name: value for name, value in flat.items() if name in outer}
    return {**kept, "properties": inner} if inner else kept


def _flattened(body: Mapping[str, Any], outer: frozenset[str]) -> Json:
    inner = {name: value for name, value in (body.get("properties") or {}).items() if name not in outer}
    return inner | {name: value for name, value in body.items() if name in outer}
