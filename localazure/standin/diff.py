"""Diff: which declared inputs changed, and which of the changes need another resource.

Old inputs are compared with new ones; what Azure answered plays no part (azure-native's `InputDiff`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from localazure.standin.schema import Object, Property, Shape, Type, property_of
from localazure.standin.table import ResourceType
from localazure.standin.values import CREATE_BEFORE_DELETE, UNKNOWN, Value, declared, has_unknown

Path = tuple[str | int, ...]


class Change(StrEnum):
    """What happened to a property."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True)
class PropertyChange:
    """One changed property; `replaces` if it cannot change in place."""

    path: Path
    change: Change
    replaces: bool = False


@dataclass(frozen=True)
class Difference:
    """All changes; `delete_first` says that a replacement must wait until the old resource is gone."""

    changes: tuple[PropertyChange, ...]
    delete_first: bool = False

    @property
    def replaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(item.path[0]) for item in self.changes if item.replaces))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(item.path[0]) for item in self.changes))


def difference(
    row: ResourceType,
    shape: Shape,
    *,
    old_inputs: Mapping[str, Value],
    new_inputs: Mapping[str, Value],
    old_outputs: Mapping[str, Value],
) -> Difference:
    """All changes between the declared inputs, judged by the row's replace table."""
    found = _objects(row, (), shape.inputs, declared(old_inputs), declared(new_inputs))
    changes = tuple(_judged(row, item, new_inputs, old_outputs) for item in found)
    replaced = any(item.replaces for item in changes)
    return Difference(changes, delete_first=replaced and not old_inputs.get(CREATE_BEFORE_DELETE))


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


def _judged(
    row: ResourceType,
    item: PropertyChange,
    new_inputs: Mapping[str, Value],
    old_outputs: Mapping[str, Value],
) -> PropertyChange:
    """The change, marked when it needs a replacement. A name that is now spelled out needs none."""
    dotted = ".".join(str(part) for part in item.path)
    hit = any(
        f"{dotted}.".startswith(f"{key}.") or f"{key}.".startswith(f"{dotted}.") for key in row.replaces
    )
    if not hit:
        return item
    name = str(item.path[0])
    if item.change is Change.ADD and name in old_outputs and old_outputs[name] == new_inputs.get(name):
        return item
    return PropertyChange(item.path, item.change, replaces=True)


def _objects(
    row: ResourceType, path: Path, owner: Object | None, old: Mapping[str, Value], new: Mapping[str, Value]
) -> Iterator[PropertyChange]:
    for name in [*new, *(key for key in old if key not in new)]:
        here, known = (*path, name), property_of(owner, name)
        if name not in new:
            yield PropertyChange(here, Change.DELETE)
        elif name not in old:
            if known is None or known.default is None or new[name] != known.default:
                yield PropertyChange(here, Change.ADD)
        elif not _same_text(here, old[name], new[name]):
            yield from _values(row, here, known, old[name], new[name])


def _values(
    row: ResourceType, path: Path, known: Property | None, old: Value, new: Value
) -> Iterator[PropertyChange]:
    type = known.type if known else None
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(row, path, type.object if type else None, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        if known is not None and known.is_string_set and not has_unknown(new) and sorted(old) == sorted(new):
            return
        yield from _lists(row, path, type.element if type else None, old, new)
    elif new is UNKNOWN or old != new:
        yield PropertyChange(path, Change.UPDATE)


def _lists(
    row: ResourceType, path: Path, element: Type | None, old: Sequence[Value], new: Sequence[Value]
) -> Iterator[PropertyChange]:
    item = Property("", element) if element else None
    left, right = set(range(len(old))), set(range(len(new)))
    if row.shared and path == row.shared and not has_unknown(list(new)):
        left, right = _unmatched(old, new, row.keyed)
    for index in sorted(left | right):
        here = (*path, index)
        if index not in left:
            yield PropertyChange(here, Change.ADD)
        elif index not in right:
            yield PropertyChange(here, Change.DELETE)
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
    """Texts that Azure takes for the same: a location's case and spaces, a resource group's case."""
    if not (isinstance(old, str) and isinstance(new, str)):
        return False
    if path == ("location",):
        return old.replace(" ", "").lower() == new.replace(" ", "").lower()
    return path == ("resourceGroupName",) and old.lower() == new.lower()
