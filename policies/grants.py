"""What an access policy or a role assignment grants on keys.

Owns: permissions and role ids as Azure names them. Does not own: who may hold which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policies.kinds import Kind
from policies.view import UNKNOWN, View, as_items, as_word, shown, type_of_unknown

GROUPS: Final = ("keys", "secrets", "certificates", "storage")
EXACT: Final = frozenset({"get", "wrapkey", "unwrapkey"})
SPELLING: Final = {"get": "get", "wrapkey": "wrapKey", "unwrapkey": "unwrapKey"}

SERVICE_ENCRYPTION_USER: Final = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
WIDER_ROLES: Final = {
    "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
}
"""Built-in roles that can wrap and unwrap, and more."""

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class PolicyEntry:
    """One access policy entry; permissions are lower case, and a group that is not known is UNKNOWN."""

    object_id: str | type_of_unknown | None
    tenant_id: str | type_of_unknown | None
    permissions: tuple[tuple[str, tuple[str, ...] | type_of_unknown], ...]

    def of(self, group: str) -> tuple[str, ...] | type_of_unknown:
        """The permissions in a group."""
        return dict(self.permissions).get(group, ())

    @property
    def uses_keys(self) -> bool:
        """True when the entry can wrap or unwrap: it is how a service, or someone in its place, uses a
        key."""
        keys = self.of("keys")
        return keys is not UNKNOWN and bool({"wrapkey", "unwrapkey", "all"} & set(keys))

    @property
    def who(self) -> str:
        """The holder as a message names it."""
        return "an object id that is not known yet" if self.object_id is UNKNOWN else shown(self.object_id)


def entries_of(kind: Kind | None, view: View) -> tuple[PolicyEntry, ...] | type_of_unknown:
    """The entries of a vault's inline list, of azure-native's AccessPolicy, or of ARM's accessPolicies
    child."""
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


def _entry(entry: View) -> PolicyEntry:
    permissions = View(entry.get("permissions"))
    return PolicyEntry(
        object_id=entry.text("objectId"),
        tenant_id=entry.text("tenantId"),
        permissions=tuple(
            (group, UNKNOWN if permissions.is_unknown else _words(permissions.get(group))) for group in GROUPS
        ),
    )


def _words(value: object) -> tuple[str, ...] | type_of_unknown:
    items = as_items(value)
    words = [as_word(item) for item in items] if items is not UNKNOWN else [UNKNOWN]
    if UNKNOWN in words:
        return UNKNOWN
    return tuple(word for word in words if isinstance(word, str))


def named(permissions: Iterable[str]) -> str:
    """Permissions as a message lists them, in Azure's spelling."""
    return ", ".join(sorted(SPELLING.get(one, one) for one in permissions)) or "nothing"


def role_of(assignment: View) -> str | type_of_unknown | None:
    """The id of the role that is assigned, lower case, from a full id with any scope before it, or bare."""
    found = assignment.word("roleDefinitionId")
    if found is None or found is UNKNOWN:
        return found
    last = found.rstrip("/").rsplit("/", 1)[-1]
    return last if _GUID.match(last) else None
