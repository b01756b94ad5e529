"""What a grant gives on a key, and whether that is what the service needs.

Owns the one answer to "may this identity use this key". Which data action stands behind each operation:
learn.microsoft.com/azure/key-vault/general/assign-access-policy and rbac-guide. Effective permissions are the
union of assignments, less deny assignments (azure/role-based-access-control/overview). The scopes of a
managed HSM's own assignments are written as ids of Resource Manager, so that they are judged as the others.

What ids and answers cannot show: members of groups, roles that somebody could activate (PIM), the outcome
of a condition. Those make an answer uncertain, never better.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from core import arm_ids, roles
from core.facts import EVERYBODY, DenyAssignment, PolicyEntry, RoleAssignment, Vault
from core.roles import Role

NEEDED: Final = ("get", "wrapKey", "unwrapKey")
"""The key permissions that the service needs, in Azure's spelling."""


@dataclass(frozen=True)
class KeyPermissions:
    """Rights on a key in both access models: the words of an access policy, and the built-in role of a role
    assignment."""

    policy: tuple[str, ...]
    role: Role


KEY_USE: Final = KeyPermissions(NEEDED, roles.CRYPTO_SERVICE_ENCRYPTION_USER)
"""The service needs these rights to hold its data under the key, and no others."""
KEY_ROTATION: Final = KeyPermissions(("get", "list", "update", "rotate"), roles.CRYPTO_OFFICER)
"""A person or pipeline needs these rights to create a new version of the key."""
READS_DATA_KEYS: Final = frozenset({"decrypt", "unwrapkey"})
"""The permissions by which a wrapped data key can be read."""
_ACTIONS: Final = {
    "get": ("keys/read", "read/action"),
    "list": ("keys/read", "read/action"),
    "wrapkey": ("keys/wrap/action", "wrap/action"),
    "unwrapkey": ("keys/unwrap/action", "unwrap/action"),
    "encrypt": ("keys/encrypt/action", "encrypt/action"),
    "decrypt": ("keys/decrypt/action", "decrypt/action"),
    "sign": ("keys/sign/action", "sign/action"),
    "verify": ("keys/verify/action", "verify/action"),
    "create": ("keys/create/action", "create"),
    "import": ("keys/import/action", "import/action"),
    "update": ("keys/update/action", "write/action"),
    "delete": ("keys/delete", "delete"),
    "recover": ("keys/recover/action", "deletedKeys/recover/action"),
    "backup": ("keys/backup/action", "backup/action"),
    "restore": ("keys/restore/action", "restore/action"),
    "purge": ("keys/purge/action", "deletedKeys/delete"),
    "rotate": ("keys/rotate/action", "rotate/action"),
    "release": ("keys/release/action", "release/action"),
    "getrotationpolicy": ("keyrotationpolicies/read", ""),
    "setrotationpolicy": ("keyrotationpolicies/write", ""),
}
"""By permission of an access policy, lower case: the data action behind it in a vault, and in a managed HSM,
which has none for rotation policies (key-vault/managed-hsm/built-in-roles)."""
DATA_ACTIONS: Final = {word: f"Microsoft.KeyVault/vaults/{action}" for word, (action, _) in _ACTIONS.items()}
HSM_DATA_ACTIONS: Final = {
    word: f"Microsoft.KeyVault/managedHsm/keys/{action}" for word, (_, action) in _ACTIONS.items() if action
}
HSM_ROLE_WRITE: Final = "Microsoft.KeyVault/managedHsm/roleAssignments/write/action"

VAULT_WRITE: Final = "Microsoft.KeyVault/vaults/write"
"""An action that changes the vault, its access model included; so it can give any permission."""
VAULT_DELETE: Final = "Microsoft.KeyVault/vaults/delete"
VAULT_PURGE: Final = "Microsoft.KeyVault/locations/deletedVaults/purge/action"
POLICY_WRITE: Final = "Microsoft.KeyVault/vaults/accessPolicies/write"
ROLE_WRITE: Final = "Microsoft.Authorization/roleAssignments/write"

_GIVES_ANYTHING: Final = (
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/elevateAccess/action",
)

OVER_VAULT: Final = {
    VAULT_WRITE: "change the vault",
    VAULT_DELETE: "delete the vault",
    VAULT_PURGE: "purge a deleted vault",
    ROLE_WRITE: "give anybody access",
}
"""In words: the actions on resources that can give others access to a key, or lose the key."""
ON_KEYS: Final = (
    (READS_DATA_KEYS, "read data keys"),
    ({"encrypt", "wrapkey"}, "wrap data keys"),
    ({"delete"}, "delete the key"),
    ({"purge"}, "purge it for good"),
    ({"backup"}, "take a copy of it (backup)"),
    ({"release"}, "release it"),
    ({"update"}, "disable it"),
    ({"create", "import", "rotate"}, "make new versions"),
    ({"setrotationpolicy"}, "change its rotation policy"),
)
"""In words: the permissions on keys that can expose or lose the data. Harmless ones (get, list, sign) are
left out."""

EXACT: Final = frozenset(word.lower() for word in NEEDED)
"""What the service needs on a key, in lower case, as permissions are compared."""
_SPELLING: Final = {word.lower(): word for word in NEEDED}


def _limit(action: str, source: str) -> str:
    assignments = r"Microsoft\.Authorization/roleAssignments"
    return (
        rf"\(\(!\(ActionMatches\{{'{assignments}/{action}'\}}\)\)OR\(@{source}\[{assignments}:RoleDefinitionId\]"
        rf"ForAnyOfAnyValues:GuidEquals\{{(?P<{action}>[0-9a-f,-]+)\}}\)\)"
    )


_LIMITS: Final = re.compile(f"{_limit('write', 'Request')}AND{_limit('delete', 'Resource')}", re.IGNORECASE)


def roles_it_may_give(condition: str) -> frozenset[str] | None:
    """The ids of the only roles that the condition of an assignment lets its holder give; None where it has
    another form than docs/roles/deploy-condition.txt, of which nothing is known here.

    Source: learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples, "Constrain
    roles".
    """
    limits = _LIMITS.fullmatch(re.sub(r"\s", "", condition))
    if limits is None:
        return None
    return frozenset(limits["write"].lower().split(","))


def gives_any_role(assignment: RoleAssignment) -> bool:
    """Whether the holder of an assignment can give itself a role of its own choice."""
    role = assignment.role
    if role is None:
        return False
    if any(role.allows(action) for action in _GIVES_ANYTHING):
        return True
    return role.allows(ROLE_WRITE) and roles_it_may_give(assignment.condition) is None


class Access(Enum):
    """How far an identity may use a key, against what the service needs."""

    NONE = "none"
    NARROWER = "narrower"
    FULL = "full"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class EffectiveAccess:
    """What an identity may do with a key. `permissions` are lower case; `uncertain` lists what could not be
    evaluated and may add to them or take from them."""

    permissions: frozenset[str] = frozenset()
    uncertain: tuple[str, ...] = ()

    @property
    def level(self) -> Access:
        """FULL if the permissions suffice, whatever is uncertain. If some are missing: UNKNOWN if something
        is uncertain, else NONE or NARROWER."""
        return level(self.permissions, uncertain=bool(self.uncertain))

    @property
    def missing(self) -> tuple[str, ...]:
        """What the service needs and is not given, in Azure's spelling."""
        return tuple(word for word in NEEDED if word.lower() not in self.permissions)

    @property
    def excess(self) -> tuple[str, ...]:
        """What is given beyond the service's needs, sorted."""
        return tuple(sorted(self.permissions - EXACT))


def level(permissions: Iterable[str], *, uncertain: bool = False) -> Access:
    """How far permissions, lower case and expanded, cover what the service needs."""
    given = frozenset(permissions) & EXACT
    if given == EXACT:
        return Access.FULL
    if uncertain:
        return Access.UNKNOWN
    return Access.NARROWER if given else Access.NONE


def expanded(permissions: Iterable[str]) -> frozenset[str]:
    """Permissions of an access policy in lower case, `all` replaced by what it stands for: all but `purge`,
    which must be given by name (assumed; it decides nothing that the service needs)."""
    words = frozenset(word.strip().lower() for word in permissions)
    if "all" in words:
        return words | (frozenset(DATA_ACTIONS) - {"purge"})
    return words


def spelt(permissions: Iterable[str]) -> str:
    """Permissions as a message lists them, in Azure's spelling; "nothing" for none."""
    return ", ".join(sorted(_SPELLING.get(word.lower(), word) for word in permissions)) or "nothing"


def of_entry(entry: PolicyEntry, principal_id: str, tenant_id: str = "") -> frozenset[str]:
    """What one access policy gives a principal by itself.

    An entry with an application id is for that application on behalf of the principal, so it gives the
    principal alone nothing; nor does one of another tenant than the vault's.
    """
    if entry.object_id.lower() != principal_id.lower() or entry.application_id:
        return frozenset()
    if tenant_id and entry.tenant_id and entry.tenant_id.lower() != tenant_id.lower():
        return frozenset()
    return expanded(entry.keys)


def data_actions(key_id: str) -> Mapping[str, str]:
    """The data action behind each permission on a key, by its id."""
    return HSM_DATA_ACTIONS if arm_ids.in_managed_hsm(key_id) else DATA_ACTIONS


def of_role(role: Role, key_id: str = "") -> frozenset[str]:
    """The permissions on keys that a role's data actions amount to; in a vault, unless the id of a key, or of
    where it is, tells a managed HSM.

    One data action stands behind `get` and `list`, so `list` tells nothing of its own and is left out.
    """
    return frozenset(
        word for word, action in data_actions(key_id).items() if word != "list" and role.allows_data(action)
    )


def beyond(role: Role, key_id: str = "") -> tuple[str, ...]:
    """In words: what a role allows on a key and on its vault that can expose or lose the data and that the
    service does not need. `key_id` as for `of_role`."""
    given = of_role(role, key_id) - EXACT
    on_keys = (words for names, words in ON_KEYS if names & given)
    return (*on_keys, *(words for action, words in OVER_VAULT.items() if role.allows(action)))


def by_policies(vault: Vault, principal_id: str) -> EffectiveAccess:
    """What the vault's access policies give a principal on every key: nothing under Azure RBAC."""
    if vault.uses_rbac:
        return EffectiveAccess()
    found = [of_entry(entry, principal_id, vault.tenant_id) for entry in vault.policies]
    return EffectiveAccess(frozenset().union(*found))


def policies(vault: Vault) -> dict[tuple[str, str], frozenset[str]]:
    """What a vault's access policies give, on keys and everything else, as `keys/get` in lower case: by the
    object id, and the id of an application that acts for it, "" without one."""
    given: dict[tuple[str, str], frozenset[str]] = {}
    for entry in vault.policies:
        who = (entry.object_id.lower(), entry.application_id.lower())
        words = {f"{group}/{word}".lower() for group, word in entry.permissions}
        given[who] = given.get(who, frozenset()) | words
    return {who: words for who, words in given.items() if words}


def by_roles(
    assignments: Iterable[RoleAssignment],
    principal_id: str,
    key_id: str,
    denials: Iterable[DenyAssignment] = (),
) -> EffectiveAccess:
    """What role assignments give a principal on a key. `assignments` are those at or above the key."""
    given: set[str] = set()
    uncertain: list[str] = []
    for assignment in assignments:
        if assignment.principal_id.lower() != principal_id.lower() or not arm_ids.covers(
            assignment.scope, key_id
        ):
            continue
        if assignment.role is None:
            uncertain.append(f"the role {assignment.role_id} at {assignment.scope} was not read")
        elif permissions := of_role(assignment.role, key_id):
            if assignment.condition:
                uncertain.append(f"the assignment of {assignment.role.name!r} has a condition")
            else:
                given |= permissions
    taken: set[str] = set()
    for denial in denials:
        # What Resource Manager denies, a managed HSM does not know.
        if not arm_ids.in_managed_hsm(key_id) and _applies(denial, principal_id, key_id):
            taken |= of_role(denial.denied, key_id)
    # What a denial takes, no uncertain assignment gives: access is not full, whatever the others are.
    if taken & EXACT:
        uncertain = []
    return EffectiveAccess(frozenset(given - taken), tuple(uncertain))


def on_key(
    vault: Vault,
    principal_id: str,
    key_id: str,
    assignments: Sequence[RoleAssignment] | None = None,
    denials: Iterable[DenyAssignment] = (),
) -> EffectiveAccess:
    """What a principal may do with a key of the vault, in the vault's own access model.

    `assignments` of None means that they were not read.
    """
    if not vault.uses_rbac:
        return by_policies(vault, principal_id)
    if assignments is None:
        return EffectiveAccess(uncertain=("the role assignments were not read",))
    return by_roles(assignments, principal_id, key_id, denials)


def _applies(denial: DenyAssignment, principal_id: str, key_id: str) -> bool:
    named = {one.lower() for one in denial.principals}
    if principal_id.lower() in {one.lower() for one in denial.excluded}:
        return False
    if principal_id.lower() not in named and EVERYBODY not in named:
        return False
    return arm_ids.same(denial.scope, key_id) or (
        denial.applies_below and arm_ids.covers(denial.scope, key_id)
    )
