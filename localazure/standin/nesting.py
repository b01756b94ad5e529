"""Objects inside a resource that ARM spells with `properties` of their own and azure-native without.

Microsoft.Network and private DNS do so with whatever has a name or an id: a subnet inside a network, a
connection inside an endpoint. azure-native's SDK shows what is inside beside the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localazure.standin.shape import Object

MODULES: Final = frozenset({"network", "privatedns"})
OUTER: Final = frozenset(
    {"id", "name", "type", "etag", "location", "tags", "zones", "sku", "extendedLocation"}
)
PLAIN: Final = ("Sku", "SkuResponse", "ExtendedLocation", "ExtendedLocationResponse")


def is_nested(object: Object) -> bool:
    """Whether ARM keeps most of an object's properties inside `properties`."""
    _, module, name = object.name.split(":")
    if module not in MODULES or name.endswith(PLAIN):
        return False
    names = set(object.properties)
    return bool(names & {"name", "id"}) and bool(names - OUTER)


def nested(object: Object, flat: Mapping[str, Any]) -> dict[str, Any]:
    """An object as ARM takes it."""
    if not is_nested(object):
        return dict(flat)
    outer = {name: value for name, value in flat.items() if name in OUTER}
    inner = {name: value for name, value in flat.items() if name not in OUTER}
    return {**outer, "properties": inner} if inner else outer


def flattened(object: Object, answered: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object of ARM's as azure-native shows it."""
    inner = answered.get("properties")
    if not is_nested(object) or not isinstance(inner, Mapping):
        return answered
    return {**answered, **inner}
