"""Refresh: what changed in Azure since the last write, carried over into the stored inputs."""

from __future__ import annotations

from collections.abc import Mapping

from localazure.standin.body import at, inputs_of, response_of, without
from localazure.standin.row import ResourceType
from localazure.standin.shape import Shape
from localazure.standin.values import Properties, Value


def refreshed_inputs(
    row: ResourceType,
    shape: Shape,
    *,
    inputs: Mapping[str, Value],
    old_outputs: Mapping[str, Value],
    new_outputs: Mapping[str, Value],
) -> Properties:
    """The stored inputs with every later change of the resource applied.

    Old and new outputs are both seen as inputs and compared, so that a default which was there all along
    does not become an input, and any later change does, also an added property.
    """
    before = inputs_of(row, shape, response_of(row, shape, old_outputs))
    after = inputs_of(row, shape, response_of(row, shape, new_outputs))
    for path in row.sub_resources:
        if at(inputs, path) is None:
            before, after = without(before, path), without(after, path)
    return applied(inputs, before, after)


def applied(
    inputs: Mapping[str, Value], before: Mapping[str, Value], after: Mapping[str, Value]
) -> Properties:
    """The inputs with the changes between two states of them; what did not change stays as written."""
    result = dict(inputs)
    for name in [*before, *(key for key in after if key not in before)]:
        if before.get(name) == after.get(name):
            continue
        if name not in after:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), before.get(name), after[name])
    return result


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
