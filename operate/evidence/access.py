"""Who can unwrap with a key, and who could give themselves that right.

Owns: what an access policy and a role allow. Pure. An access policy counts in a vault of that model only, a
role's data actions in one under Azure RBAC only. Groups are not expanded: whoever is in one counts as it.
Deny assignments and roles that somebody could activate (PIM) are not evaluated.
Sources: azure/key-vault/general/assign-access-policy and rbac-guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from operate.evidence.model import Assignment, NotChecked, Vault

UNWRAPPING = ("decrypt", "unwrapkey")
"""The key permissions by which data keys can be read; `all` stands for them, too."""
_DATA_ACTIONS = {
    "decrypt": "Microsoft.KeyVault/vaults/keys/decrypt/action",
    "unwrapkey": "Microsoft.KeyVault/vaults/keys/unwrap/action",
}
NEEDED = frozenset({"get", "wrapkey", "unwrapkey"})
"""What the service needs of a key. Source: "Store customer-managed keys in Azure Key Vault"."""
_VAULT_WRITE = "Microsoft.KeyVault/vaults/write"
_POLICY_WRITE = "Microsoft.KeyVault/vaults/accessPolicies/write"
_ROLE_WRITE = "Microsoft.Authorization/roleAssignments/write"


@dataclass(frozen=True)
class Grant:
    """One way in which somebody may do something: `permits` in Key Vault's words."""

    principal_id: str
    principal_type: str
    how: str
    scope: str
    permits: tuple[str, ...]
    conditional: bool = False

    @property
    def is_group(self) -> bool:
        """Whether more than one may be behind it; a policy does not tell what its object is."""
        return self.principal_type.lower() == "group"


def unwrappers(
    vault: Vault, key_id: str, assignments: tuple[Assignment, ...] | NotChecked | None
) -> tuple[Grant, ...] | NotChecked:
    """Everybody who can unwrap or decrypt with a key, by object id."""
    if not vault.uses_rbac:
        return tuple(_by_policy(vault))
    if assignments is None or isinstance(assignments, NotChecked):
        return assignments or NotChecked("the role assignments were not asked for")
    return tuple(sorted(_by_role(key_id, assignments), key=lambda g: (g.principal_id, g.how, g.scope)))


def _by_policy(vault: Vault) -> Iterator[Grant]:
    for policy in vault.policies:
        permits = UNWRAPPING if "all" in policy.permissions else policy.permissions
        if set(permits) & set(UNWRAPPING):
            through = f" through application {policy.application_id}" if policy.application_id else ""
            yield Grant(policy.object_id, "", f"access policy{through}", vault.id, policy.permissions)


def _by_role(key_id: str, assignments: tuple[Assignment, ...]) -> Iterator[Grant]:
    for found in assignments:
        permits = tuple(word for word, action in _DATA_ACTIONS.items() if allows_data(found, action))
        if permits and covers(found.scope, key_id):
            how = f"role {found.role}"
            yield Grant(
                found.principal_id, found.principal_type, how, found.scope, permits, found.conditional
            )


def controllers(
    vault: Vault, key_id: str, assignments: tuple[Assignment, ...] | NotChecked | None
) -> tuple[Grant, ...] | NotChecked:
    """Everybody who could give themselves the right to unwrap.

    Writing the vault counts in both models, for it can change the model; so does writing role assignments, by
    which one gets the right to write the vault. Writing access policies alone counts where they do.
    """
    if assignments is None or isinstance(assignments, NotChecked):
        return assignments or NotChecked("the role assignments were not asked for")
    found = []
    for given in assignments:
        permits = tuple(
            action.removeprefix("Microsoft.")
            for action in (_VAULT_WRITE, _POLICY_WRITE, _ROLE_WRITE)
            if allows(given, action) and not (action == _POLICY_WRITE and vault.uses_rbac)
        )
        if permits and (covers(given.scope, vault.id) or (vault.uses_rbac and covers(given.scope, key_id))):
            how = f"role {given.role}"
            found.append(
                Grant(given.principal_id, given.principal_type, how, given.scope, permits, given.conditional)
            )
    return tuple(sorted(found, key=lambda g: (g.principal_id, g.how, g.scope)))


def excess(grant: Grant) -> tuple[str, ...]:
    """What a grant permits beyond what the service needs."""
    return tuple(sorted(set(grant.permits) - NEEDED))


def covers(scope: str, resource_id: str) -> bool:
    """Whether an assignment at a scope counts for a resource: at it or above it, the root and management
    groups included, of which only those above are ever listed."""
    above = scope.rstrip("/").lower()
    if not above or above.startswith("/providers/microsoft.management/managementgroups/"):
        return True
    return f"{resource_id.lower()}/".startswith(f"{above}/")


def allows(given: Assignment, action: str) -> bool:
    """Whether a role allows an action of ARM."""
    return _any(given.actions, action) and not _any(given.not_actions, action)


def allows_data(given: Assignment, action: str) -> bool:
    """Whether a role allows an action on data."""
    return _any(given.data_actions, action) and not _any(given.not_data_actions, action)


def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE)
        for pattern in patterns
    )
