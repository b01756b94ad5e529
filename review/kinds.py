"""The kinds of resources that a review looks at: core.resource_types, and the generic resource's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core import resource_types
from core.resource_types import Kind
from review.values import folded, look, text

__all__ = ["Kind", "kind_of", "name_of", "token_of"]

# These nest their settings as their own types do, so that the same reading does for both.
_AS_GENERIC: Final = {Kind.ACCOUNT, Kind.VAULT, Kind.KEY, Kind.ROLE_ASSIGNMENT}
_NAMESPACE, _PARENT, _TYPE = "resourceProviderNamespace", "parentResourcePath", "resourceType"


def kind_of(token: str, inputs: Mapping[str, Any] | None = None) -> Kind | None:
    """The kind of a type token; None for every other resource. `inputs` say what a generic resource is."""
    kind = resource_types.kind_of(token)
    if kind is not Kind.GENERIC:
        return kind
    namespace, parent, type = (
        folded(text(look(inputs, name))) or "" for name in (_NAMESPACE, _PARENT, _TYPE)
    )
    found = resource_types.kind_of_generic(namespace, parent, type)
    return found if found in _AS_GENERIC else None


def token_of(urn: str) -> str:
    """The type token in a URN; empty for what is none."""
    try:
        return resource_types.parse_urn(urn).type
    except ValueError:
        return ""


def name_of(urn: str) -> str:
    """The name in a URN, which is the resource's name in the program; the text itself for what is none."""
    try:
        return resource_types.parse_urn(urn).name
    except ValueError:
        return urn
