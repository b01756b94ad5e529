"""Whether an identity may use a key: what a binding needs, and what access policies and roles give.

Source of the needs: "get, wrapKey, unwrapKey" of
learn.microsoft.com/azure/ai-services/encryption/cognitive-services-encryption-keys-portal and the data
actions of the role Key Vault Crypto Service Encryption User.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provider.facts import PolicyEntry, RoleGrant

KEY_PERMISSIONS = ("get", "wrapKey", "unwrapKey")
DATA_ACTIONS = (
    "Microsoft.KeyVault/vaults/keys/read",
    "Microsoft.KeyVault/vaults/keys/wrap/action",
    "Microsoft.KeyVault/vaults/keys/unwrap/action",
)
ENCRYPTION_USER = "Key Vault Crypto Service Encryption User"


def missing_permissions(policies: Iterable[PolicyEntry], principal_id: str) -> tuple[str, ...]:
    """The key permissions that the vault's access policies do not give to the principal.

    An entry with an application id is for that application on behalf of the principal: it does not count.
    """
    given = {
        permission.lower()
        for entry in policies
        if entry.object_id.lower() == principal_id.lower() and not entry.application_id
        for permission in entry.keys
    }
    if "all" in given:
        return ()
    return tuple(needed for needed in KEY_PERMISSIONS if needed.lower() not in given)


def missing_data_actions(
    grants: Iterable[RoleGrant], key_scope: str, *, with_conditional: bool = False
) -> tuple[str, ...]:
    """The data actions that no role assignment at or above the key gives.

    Conditional assignments count only when asked, since nobody here evaluates a condition.
    """
    counting = [
        grant
        for grant in grants
        if (with_conditional or not grant.conditional) and covers(grant.scope, key_scope)
    ]
    return tuple(needed for needed in DATA_ACTIONS if not any(_gives(grant, needed) for grant in counting))


def covers(scope: str, key_scope: str) -> bool:
    """Whether an assignment at `scope` reaches the key: the same id, or one above it."""
    above, below = scope.rstrip("/").lower(), key_scope.rstrip("/").lower()
    management_group = above.startswith("/providers/microsoft.management/managementgroups/")
    return above == below or below.startswith(f"{above}/") or management_group


def _gives(grant: RoleGrant, action: str) -> bool:
    return any(_matches(p, action) for p in grant.data_actions) and not any(
        _matches(p, action) for p in grant.not_data_actions
    )


def _matches(pattern: str, action: str) -> bool:
    """Azure's wildcard: `*` stands for any characters, case does not count."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) is not None
