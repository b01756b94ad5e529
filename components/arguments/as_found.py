"""Parts of an adopted account, vault and grant that stay as they were found, because `asFound` names them."""

from collections.abc import Mapping, Sequence

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


def kept_paths(kind: str, as_found: Sequence[str]) -> list[str]:
    """The properties of a resource whose changes are ignored, because `as_found` names their part. A new
    resource gets them as declared."""
    return [path for word, paths in _PATHS.get(kind, {}).items() if word in as_found for path in paths]
