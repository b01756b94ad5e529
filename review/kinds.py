"""The kinds of resources that a review reads, also generic ones, and what may write the same elsewhere."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from core import arm_ids, resource_types
from core.resource_types import Kind
from review.values import Mark, folded, look, text

__all__ = ["VAULTS", "Kind", "kind_of", "may_hold", "name_of", "token_of", "with_names"]

# These nest their settings as their own types do, so that the same reading does for both.
_AS_GENERIC: Final = {
    *(Kind.ACCOUNT, Kind.PROJECT, Kind.DEPLOYMENT, Kind.UNREAD),
    *(Kind.VAULT, Kind.MANAGED_HSM, Kind.KEY, Kind.ROLE_ASSIGNMENT),
}
VAULTS: Final = frozenset({Kind.VAULT, Kind.MANAGED_HSM})
_HELD: Final = re.compile(
    r"microsoft\.(keyvault|cognitiveservices|authorization|managedidentity|network/networksecurityperimeters)"
    r"|templatelink"
)


def kind_of(token: str, inputs: Mapping[str, Any] | None = None) -> Kind | None:
    """The kind of a type token; None for every other resource. `inputs` say what a generic resource is: one
    that is not read here is as good as another provider's."""
    kind = resource_types.kind_of(token)
    if kind is not Kind.GENERIC:
        return kind
    if token.lower().startswith("azapi:"):
        type = text(look(inputs, "type"))
        known = isinstance(type, Mark) or resource_types.kind_of_arm_type((type or "").partition("@")[0])
        return Kind.OTHER_PROVIDER if known else None
    namespace, parent, type = (text(look(inputs, name)) or "" for name in resource_types.GENERIC_INPUTS)
    found = resource_types.kind_of_generic(
        folded(namespace) or "", None if isinstance(parent, Mark) else parent, folded(type) or ""
    )
    return found if found is None or found in _AS_GENERIC else Kind.OTHER_PROVIDER


def with_names(token: str, kind: Kind, state: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A state whose inputs call the resource and its parent as azure-native's own type does, if it is a
    generic one."""
    if not state or resource_types.kind_of(token) is not Kind.GENERIC:
        return state
    inputs, needs = dict(state.get("inputs") or {}), dict(state.get("propertyDependencies") or {})
    called = (resource_types.PARENT_NAME_INPUTS, resource_types.NAME_INPUTS)
    for names, stated in zip(called, resource_types.GENERIC_NAMES, strict=True):
        if kind in names and stated in inputs:
            known = text(look(inputs, stated))
            inputs[names[kind]] = arm_ids.name_of(known) if isinstance(known, str) else inputs[stated]
            needs[names[kind]] = needs.get(stated) or ()
    return {**state, "inputs": inputs, "propertyDependencies": needs}


def may_hold(inputs: Mapping[str, Any]) -> bool:
    """Whether an ARM template may hold what a review reads; True for other providers' resources."""
    properties = inputs.get("properties")
    held = [
        one[name]
        for one in (properties, inputs)
        if isinstance(one, Mapping)
        for name in resource_types.TEMPLATE_INPUTS
        if name in one
    ]
    if not held:
        return True
    written = " ".join(one if isinstance(one, str) else json.dumps(one) for one in held).lower()
    return bool(_HELD.search(written)) or isinstance(text(written), Mark) or Mark.SECRET.value in written


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
