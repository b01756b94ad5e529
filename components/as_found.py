"""Parts of an adopted account, vault and grant that stay as they were found, because `asFound` names them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.component import ChildOptions

AS_FOUND = ("access", "identity", "network", "tags", "vault")
"""The words of `asFound`."""

# Everything that the program declares of an account, except what protects its data: encryption and local
# authentication are always managed.
_PATHS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "account": {
        "identity": ("identity",),
        "network": ("properties.networkAcls", "properties.publicNetworkAccess"),
        "tags": ("tags",),
    },
    "grant": {
        "access": (
            "policy.permissions",
            "condition",
            "conditionVersion",
            "description",
            "principalType",
            "roleAssignmentName",
            "roleDefinitionId",
            "scope",
        )
    },
    "identity": {"tags": ("tags",)},
    "vault": {"vault": ("properties", "tags")},
}


def keep_as_found(options: ChildOptions, kind: str, as_found: Sequence[str] | None) -> ChildOptions:
    """Options of a resource that ignore changes of the parts named in `as_found`. A new resource gets them as
    declared."""
    paths = [path for word, paths in _PATHS[kind].items() if word in (as_found or ()) for path in paths]

    def made(**given: Any) -> pulumi.ResourceOptions:
        if not paths:
            return options(**given)
        ignored = [*(given.pop("ignore_changes", None) or ()), *paths]
        return options(ignore_changes=ignored, **given)

    return made
