"""Parts of an adopted account, vault and grant that stay as they were found, because the settings name them.

Owns: which properties each of those words stands for. Pure. Does not own: what was found (operate/adopt/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.component import Options

AS_FOUND = ("access", "identity", "network", "otherProperties", "tags", "vault")
"""What may be left as it was found: `as_found` of EncryptedLanguageServiceArgs."""

OTHER_PROPERTIES = (
    "allowedFqdnList",
    "apiProperties",
    "dynamicThrottlingEnabled",
    "networkInjections",
    "restrictOutboundNetworkAccess",
    "userOwnedStorage",
)
"""Properties of an account that this project has no setting for."""

# Everything that the program declares of an account, or that an account may have besides, but what protects
# its data: its encryption and the login by key are never left to chance.
_PATHS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "account": {
        "identity": ("identity",),
        "network": ("properties.networkAcls", "properties.publicNetworkAccess"),
        "otherProperties": tuple(f"properties.{name}" for name in OTHER_PROPERTIES),
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


def leaving(options: Options, kind: str, as_found: Sequence[str] | None) -> Options:
    """Options of a resource of a kind that leave the parts named as they are. A new resource has them as
    declared, for there is nothing to leave."""
    paths = [path for word, paths in _PATHS[kind].items() if word in (as_found or ()) for path in paths]

    def made(**given: Any) -> pulumi.ResourceOptions:
        if not paths:
            return options(**given)
        ignored = [*(given.pop("ignore_changes", None) or ()), *paths]
        return options(ignore_changes=ignored, **given)

    return made
