"""What an access policy or a role assignment grants on keys."""

from dataclasses import dataclass
from typing import Final

from core import facts, rights, roles
from core.resource_types import Kind
from policies.view import UNKNOWN, View, as_items, as_word, shown, type_of_unknown

EXACT: Final = frozenset(word.lower() for word in rights.NEEDED)
"""What the service needs, lower case."""
ENCRYPTION_USER: Final = roles.CRYPTO_SERVICE_ENCRYPTION_USER
WIDER_ROLES: Final = {
    role.id: role
    for role in roles.BUILT_IN.values()
    if role is not ENCRYPTION_USER and rights.level(rights.of_role(role)) is rights.Access.FULL
}
"""Built-in roles by which a key can be used as the service does, and for more."""


@dataclass(frozen=True)
class DeclaredPolicyEntry:
    """One access policy entry; permissions are lower case, and a group that is not known is UNKNOWN."""

    object_id: str | type_of_unknown | None
    tenant_id: str | type_of_unknown | None
    application_id: str | type_of_unknown | None
    permissions: tuple[tuple[str, tuple[str, ...] | type_of_unknown], ...]

    def of(self, group: str) -> tuple[str, ...] | type_of_unknown:
        """The permissions in a group."""
        return dict(self.permissions).get(group, ())

    @property
    def uses_keys(self) -> bool:
        """Whether the entry can wrap or unwrap, as a service does with its key."""
        keys = self.of("keys")
        return keys is not UNKNOWN and bool((EXACT - {"get"}) & rights.expanded(keys))

    @property
    def who(self) -> str:
        """The holder as a message names it."""
        return "an object id that is not known yet" if self.object_id is UNKNOWN else shown(self.object_id)


def entries_of(kind: Kind | None, view: View) -> tuple[DeclaredPolicyEntry, ...] | type_of_unknown:
    """The entries of a vault's inline list, an AccessPolicy, or ARM's accessPolicies child."""
    if kind is Kind.ACCESS_POLICY:
        single = View(view.get("policy"))
        if single.is_unknown:
            return UNKNOWN
        if not single.is_absent:
            return (_entry(single),)
    found = view.views("accessPolicies")
    if found is UNKNOWN or any(one.is_unknown for one in found):
        return UNKNOWN
    return tuple(_entry(one) for one in found)


def _entry(entry: View) -> DeclaredPolicyEntry:
    permissions = View(entry.get("permissions"))
    return DeclaredPolicyEntry(
        object_id=entry.text("objectId"),
        tenant_id=entry.text("tenantId"),
        application_id=entry.text("applicationId"),
        permissions=tuple(
            (group, UNKNOWN if permissions.is_unknown else _words(permissions.get(group)))
            for group in rights.GROUPS
        ),
    )


def _words(value: object) -> tuple[str, ...] | type_of_unknown:
    items = as_items(value)
    words = [as_word(item) for item in items] if items is not UNKNOWN else [UNKNOWN]
    if UNKNOWN in words:
        return UNKNOWN
    return tuple(word for word in words if isinstance(word, str))


def on_keys(entry: DeclaredPolicyEntry) -> frozenset[str] | type_of_unknown:
    """The key permissions that an entry gives its holder; UNKNOWN where they are not known yet."""
    keys = entry.of("keys")
    if keys is UNKNOWN or entry.application_id is UNKNOWN:
        return UNKNOWN
    return rights.of_entry(facts.PolicyEntry("", keys, application_id=entry.application_id or ""), "")


def role_of(assignment: View) -> str | type_of_unknown | None:
    """The id of the role that is assigned, lower case, from a full id with any scope before it, or bare."""
    stated = assignment.text("roleDefinitionId")
    return roles.id_of(stated) if isinstance(stated, str) else stated
