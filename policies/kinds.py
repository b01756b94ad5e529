"""The kind of a resource; generic resources of azure-native and azapi read as azure-native's own types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core import arm_ids
from core.resource_types import (
    AZAPI_PARENT,
    GENERIC_INPUTS,
    GENERIC_NAMES,
    NAME_INPUTS,
    PARENT_NAME_INPUTS,
    Kind,
    kind_of_arm_type,
    kind_of_generic,
    parse_token,
)
from policies.view import UNKNOWN, View, as_text

_BESIDE: Final = ("name", "location", "tags", "identity")
"""What azapi has beside the body."""
_NAMED_BY: Final = (GENERIC_INPUTS[0], GENERIC_INPUTS[2])
"""The namespace and the last type of a generic resource."""


@dataclass(frozen=True)
class ClassifiedResource:
    """A resource's kind, the API version that its program chose, and its properties."""

    kind: Kind | None
    api_version: str | None
    view: View


def read(token: str, props: object) -> ClassifiedResource:
    """Reads a resource by its type token and its properties."""
    found = parse_token(token)
    if found.kind is not Kind.GENERIC:
        return ClassifiedResource(found.kind, found.api_version, View(props))
    view = View(props)
    return _azapi(token, view) if token.lower().startswith("azapi:") else _generic(view)


def _generic(view: View) -> ClassifiedResource:
    """azure-native's generic resource (resources.Resource): by its inputs, and by the type and the id that it
    has once it is there."""
    parent, name = (view.get(one) for one in GENERIC_NAMES)
    namespace, type, known = (_plain(view.get(part)) or "" for part in (*_NAMED_BY, "type"))
    kind = kind_of_generic(namespace, None if parent is UNKNOWN else _plain(parent) or "", type)
    kind = kind or kind_of_arm_type(known)
    id = _plain(view.get("id"))
    if parent is None and id is not None:
        parent = id.rstrip("/").rpartition("/")[0].rpartition("/")[0]
    named = View({**_names(kind, parent, name), **view.values()})
    return ClassifiedResource(kind, _plain(view.get("apiVersion")), named)


def _azapi(token: str, view: View) -> ClassifiedResource:
    """azapi's Resource is read by its body; its other types hide what they change."""
    type, _, version = (_plain(view.get("type")) or "").partition("@")
    kind = kind_of_arm_type(type)
    if kind in (None, Kind.UNREAD):
        return ClassifiedResource(kind, version or None, view)
    if not token.lower().endswith(":resource"):
        return ClassifiedResource(Kind.OTHER_PROVIDER, None, view)
    outer = {name: value for name in _BESIDE if (value := view.get(name)) is not None}
    outer |= _names(kind, view.get(AZAPI_PARENT), view.get("name"))
    body = _object(view.get("body"))
    inner = {"properties": UNKNOWN} if body is None else View(body).values()
    return ClassifiedResource(kind, version or None, View({**outer, **inner}))


def _names(kind: Kind | None, parent: object, name: object) -> dict[str, object]:
    """A resource's name and its parent's, by the inputs of azure-native's own type; `parent` is an id or a
    path that ends in the name."""
    above = arm_ids.name_of(parent) if isinstance(parent, str) else parent
    named = ((PARENT_NAME_INPUTS, above), (NAME_INPUTS, name))
    return {inputs[kind]: value for inputs, value in named if kind in inputs and value is not None}


def _object(body: object) -> Mapping[str, object] | None:
    """An object, or a text of JSON that is one; None for what is not readable or not known."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    return body if isinstance(body, Mapping) else None


def _plain(value: object) -> str | None:
    text = as_text(value)
    return text if isinstance(text, str) else None
