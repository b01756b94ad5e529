"""The kind of a resource; generic resources of azure-native and azapi read as azure-native's own types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core import arm_ids
from core.resource_types import GENERIC_INPUTS, Kind, kind_of_arm_type, kind_of_generic, parse_token
from policies.view import UNKNOWN, View, as_text, step

_BESIDE: Final = ("name", "location", "tags", "identity")
"""What azapi has beside the body."""


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
    """azure-native's generic resource (resources.Resource)."""
    namespace, parent, type = (_plain(view.get(part)) or "" for part in GENERIC_INPUTS)
    return ClassifiedResource(kind_of_generic(namespace, parent, type), _plain(view.get("apiVersion")), view)


def _azapi(token: str, view: View) -> ClassifiedResource:
    """azapi's Resource is read by its body; its other types hide what they change."""
    type, _, version = (_plain(view.get("type")) or "").partition("@")
    kind = kind_of_arm_type(type)
    if kind is None:
        return ClassifiedResource(None, version or None, view)
    if not token.lower().endswith(":resource"):
        return ClassifiedResource(Kind.OTHER_PROVIDER, None, view)
    outer = {name: value for name in _BESIDE if (value := view.get(name)) is not None}
    body = _object(view.get("body"))
    if body is None:
        return ClassifiedResource(kind, version or None, View({**outer, "properties": UNKNOWN}))
    inner = {name: step(body, name) for name in body}
    return ClassifiedResource(kind, version or None, View({**outer, **inner, **_parent(kind, view)}))


def _parent(kind: Kind, view: View) -> dict[str, object]:
    """A child of a vault names it by the id that azapi has as `parentId`."""
    parent = view.get("parentId")
    if kind not in (Kind.KEY, Kind.ACCESS_POLICY):
        return {}
    return {"vaultName": arm_ids.name_of(parent) if isinstance(parent, str) else parent}


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
