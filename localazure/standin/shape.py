"""What properties a resource type has: names, types, which are required, which have a default.

Facts only; `schema.py` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

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


def property_of(owner: Object | None, name: str) -> Property | None:
    """The property of that name; None where it, or the object, is not known."""
    return owner.properties.get(name) if owner else None
