"""Diff: which declared inputs changed, and which of the changes need another resource.

Compares old inputs with new ones, without regard to Azure's answers (azure-native's `InputDiff`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from localazure.standin.protocol import provider_pb2
from localazure.standin.schema import Object, Property, Type
from localazure.standin.table import ResourceType
from localazure.standin.values import CREATE_BEFORE_DELETE, UNKNOWN, Value, declared, has_unknown

Path = tuple[str | int, ...]
Changes = Iterator[tuple[Path, str]]
"""Changed properties, each with `ADD`, `DELETE` or `UPDATE`."""


def difference(
    row: ResourceType,
    *,
    old_inputs: Mapping[str, Value],
    new_inputs: Mapping[str, Value],
    old_outputs: Mapping[str, Value],
) -> provider_pb2.DiffResponse:
    """All changes between the declared inputs, judged by the row. A replacement waits until the old resource
    is gone, unless its name was drawn at random."""
    detailed, names, replaces = {}, [], []
    for path, change in _objects(row, (), row.shape.inputs, declared(old_inputs), declared(new_inputs)):
        name = str(path[0])
        # A name that is now spelled out needs no other resource.
        is_known = name in old_outputs and old_outputs[name] == new_inputs.get(name)
        if fixed := _is_fixed(row, path) and not (change == "ADD" and is_known):
            replaces.append(name)
        names.append(name)
        kind = provider_pb2.PropertyDiff.Kind.Value(f"{change}_REPLACE" if fixed else change)
        detailed[spelled(path)] = provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
    some = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        replaces=dict.fromkeys(replaces),
        diffs=dict.fromkeys(names),
        deleteBeforeReplace=bool(replaces) and not old_inputs.get(CREATE_BEFORE_DELETE),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def spelled(path: Path) -> str:
    """The path as Pulumi writes it: `properties.accessPolicies[0].permissions`, `tags["cost.centre"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "a").replace("$", "a").isalnum() and not part[:1].isdigit():
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part)}]"
    return text


def _is_fixed(row: ResourceType, path: Path) -> bool:
    """Whether a property at, above or below this path cannot change in place."""
    dotted = ".".join(str(part) for part in path) + "."
    fixed = [f"{key}." for key in (*row.force_new, *row.path_fields)]
    return any(dotted.startswith(key) or key.startswith(dotted) for key in fixed)


def _objects(
    row: ResourceType, path: Path, owner: Object | None, old: Mapping[str, Value], new: Mapping[str, Value]
) -> Changes:
    for name in [*new, *(key for key in old if key not in new)]:
        here, known = (*path, name), owner.properties.get(name) if owner else None
        if name not in new:
            yield here, "DELETE"
        elif name not in old:
            default = row.default(here, known.default if known else None)
            if default is None or new[name] != default:
                yield here, "ADD"
        elif not _same_text(here, old[name], new[name]):
            yield from _values(row, here, known, old[name], new[name])


def _values(row: ResourceType, path: Path, known: Property | None, old: Value, new: Value) -> Changes:
    type = known.type if known else None
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(row, path, type.object if type else None, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        if known is not None and known.is_string_set and not has_unknown(new) and sorted(old) == sorted(new):
            return
        yield from _lists(row, path, type.element if type else None, old, new)
    elif new is UNKNOWN or old != new:
        yield path, "UPDATE"


def _lists(
    row: ResourceType, path: Path, element: Type | None, old: Sequence[Value], new: Sequence[Value]
) -> Changes:
    item = Property("", element) if element else None
    left, right = set(range(len(old))), set(range(len(new)))
    if row.shared and path == row.shared and not has_unknown(list(new)):
        left, right = _unmatched(old, new, row.keyed)
    for index in sorted(left | right):
        here = (*path, index)
        if index not in left:
            yield here, "ADD"
        elif index not in right:
            yield here, "DELETE"
        else:
            yield from _values(row, here, item, old[index], new[index])


def _unmatched(
    old: Sequence[Value], new: Sequence[Value], identifiers: Sequence[str]
) -> tuple[set[int], set[int]]:
    """The places of the elements of a keyed set that the other side does not have, whatever their order."""

    def keys(items: Sequence[Value]) -> list[str]:
        parts = [
            [item.get(name) if isinstance(item, dict) else item for name in identifiers] for item in items
        ]
        return [json.dumps(part, sort_keys=True) for part in parts]

    left, right = keys(old), keys(new)
    return (
        {index for index, key in enumerate(left) if key not in right},
        {index for index, key in enumerate(right) if key not in left},
    )


def _same_text(path: Path, old: Value, new: Value) -> bool:
    """Whether Azure takes two texts for the same: a location's case and spaces, a resource group's case."""
    if not (isinstance(old, str) and isinstance(new, str)):
        return False
    if path == ("location",):
        return old.replace(" ", "").lower() == new.replace(" ", "").lower()
    return path == ("resourceGroupName",) and old.lower() == new.lower()
