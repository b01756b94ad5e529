"""Grants of keys: who may do what, where, and what is not certain about it.

Reads access policies and role assignments of a stack. Joins nothing: `protection` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from core import adapters, arm_ids, key_uris, rights, values
from core.effects import HeldGrant
from core.facts import GROUPS, StatedPolicyEntry, StatedRoleAssignment
from core.resource_types import HSM_ROLE_ASSIGNMENT, Kind, parse_urn
from core.roles import Role
from core.stack import StackResource
from core.values import Hidden, Shown, Value


def entries_of(kind: Kind | None, bag: Mapping[str, object]) -> tuple[StatedPolicyEntry, ...]:
    """The entries of a vault's inline list, an AccessPolicy, or ARM's accessPolicies child."""
    if kind is Kind.ACCESS_POLICY and (single := values.get_path(bag, "policy")) is not None:
        return adapters.stated_policies([single])
    return adapters.stated_policies(values.prop(bag, "accessPolicies"))


def assignment_of(resource: StackResource) -> StatedRoleAssignment:
    """What a role assignment of a stack assigns to whom, and where."""
    return adapters.stated_role_assignment(resource.declared)


_NO_ASSIGNMENT = StatedRoleAssignment(scope="")


class Doubt(Enum):
    """Why what a grant gives is not certain."""

    PERMISSIONS = "its permissions are not shown"
    ROLE = "its role is not shown, or is no built-in one"
    CONDITION = "it has a condition"
    MODEL = "whether its vault uses such grants is not shown"
    HOLDER = "who holds it is not shown"


@dataclass(frozen=True, eq=False, kw_only=True)
class KeyLocation:
    """A key, or a vault or managed HSM, by its resource in the stack (None for none) and by its name in lower
    case. `vault_name` is as `key_uris.place` gives it, None for no vault; `key_name` None for all keys."""

    vault: StackResource | None = None
    vault_name: Value = None
    key: StackResource | None = None
    key_name: Value = None

    @property
    def in_managed_hsm(self) -> bool:
        """Whether it is in a managed HSM, as far as that is known."""
        return isinstance(self.vault_name, str) and key_uris.is_hsm_place(self.vault_name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Grant(KeyLocation):
    """One identity's access: an `entry` of a standalone or inline access policy, or a role `assignment`. Its
    vault and key are those that it names; a role on a resource group names neither.

    `tenant` is the vault's. `ignored`: it gives nothing, because it is a role assignment and the vault looks
    at access policies alone, or the other way round. `outer_doubt`: who holds it, or at which of the two the
    vault looks, is not certain.
    """

    resource: StackResource
    principal: Value
    entry: StatedPolicyEntry | None = None
    assignment: StatedRoleAssignment = _NO_ASSIGNMENT
    tenant: Value = None
    ignored: bool = False
    outer_doubt: Doubt | None = None

    @property
    def of_managed_hsm(self) -> bool:
        """Whether it is a role of a managed HSM itself, which alone counts there, and nowhere else."""
        return parse_urn(self.resource.urn).type == HSM_ROLE_ASSIGNMENT

    @property
    def is_listed(self) -> bool:
        """Whether it is in a vault's own list, which holds grants of others, too."""
        return self.resource.kind is Kind.VAULT

    @property
    def role_id(self) -> Shown:
        """The id of the role that is assigned, lower case; "" for an access policy."""
        return self.assignment.role_id

    @property
    def role(self) -> Role | None:
        """The built-in role that is assigned."""
        return self.assignment.role

    @property
    def assigned_at(self) -> str:
        """The id that a role is assigned at; "" where it is not known, or for an access policy."""
        return values.known_name(self.assignment.scope)

    @property
    def scope(self) -> str:
        """Where it counts: the id that a role is assigned at, or a path that ends as that of its vault or key
        does, lower case; "" where that is not known."""
        if stated := values.folded(self.assigned_at):
            return stated
        if not isinstance(self.vault_name, str):
            return ""
        if self.key_name:
            return f"/vaults/{self.vault_name}/keys/{self.key_name}"
        return f"/vaults/{self.vault_name}"

    @property
    def place(self) -> str:
        """The type of the keys that its role counts for."""
        return arm_ids.HSM_KEY if self.of_managed_hsm else arm_ids.KEY

    @property
    def beyond(self) -> tuple[str, ...]:
        """In words: the actions that its role allows there and that the service does not need."""
        return rights.beyond(self.role, self.place) if self.role else ()

    @cached_property
    def _permissions_and_doubt(self) -> tuple[frozenset[str], Doubt | None]:
        """Its permissions, under a condition all that it may give; and why they are not certain."""
        if self.ignored:
            return frozenset(), None
        if self.entry is not None:
            return self._of_entry(self.entry)
        if self.role is None:
            return frozenset(), Doubt.ROLE
        permissions = rights.of_role(self.role, self.place)
        if self.assignment.condition:
            return permissions, Doubt.CONDITION
        return permissions, self.outer_doubt

    def _of_entry(self, entry: StatedPolicyEntry) -> tuple[frozenset[str], Doubt | None]:
        keys, application, tenant = entry.on(GROUPS[0]), entry.application_id, entry.tenant_id
        if isinstance(keys, Hidden) or isinstance(application, Hidden) or isinstance(tenant, Hidden):
            return frozenset(), Doubt.PERMISSIONS
        entry_tenant, vault_tenant = values.folded(tenant), values.folded(self.tenant)
        is_foreign = entry_tenant and vault_tenant and entry_tenant != vault_tenant
        # An entry with an application counts only for what that does on behalf of the identity.
        if application or is_foreign:
            return frozenset(), self.outer_doubt
        return rights.expanded(keys), self.outer_doubt

    @property
    def permissions(self) -> frozenset[str]:
        """What it allows on keys, whatever is in doubt; lower case."""
        return self._permissions_and_doubt[0]

    @property
    def doubt(self) -> Doubt | None:
        """Why what it gives, on keys or above them, is not certain."""
        return self._permissions_and_doubt[1]

    @property
    def words(self) -> str:
        """For a reader, with the place it is for: a vault or a key by its name, else a scope by its id."""
        place = self.scope or "a scope known after apply"
        if isinstance(self.vault_name, str):
            place = f"vault {self.vault_name}"
            if isinstance(self.key_name, str):
                place = f"key {self.key_name} of {place}"
        said = f"{self.what} on {place}"
        if self.doubt:
            said = f"{said}, {self.doubt_in_words}"
        if self.ignored:
            said = f"{said}, which the vault ignores"
        return said

    @property
    def what(self) -> str:
        """Its permissions in words, wherever it counts."""
        if self.entry is None:
            if self.role:
                return self.role.name
            named = values.folded(self.role_id)
            return f"role {arm_ids.name_of(named)}" if named else "a role known after apply"
        keys, application = self.entry.on(GROUPS[0]), self.entry.application_id
        if isinstance(keys, Hidden):
            return "unknown permissions"
        said = "no key permissions"
        if keys:
            said = rights.spelt(keys)
        if application:
            said = f"{said} for the application {values.as_text(application)} on behalf of it"
        return said

    @property
    def doubt_in_words(self) -> str:
        """Why what it gives is not certain; "" where it is."""
        condition = self.assignment.condition
        if self.doubt is Doubt.CONDITION and isinstance(condition, str):
            return f"under a condition: {condition}"
        return self.doubt.value if self.doubt else ""

    @cached_property
    def held(self) -> HeldGrant:
        """It as the judgement of what becomes of the data sees it."""
        return HeldGrant(self.words, self.permissions, self.is_certain)

    @property
    def is_certain(self) -> bool:
        """Whether its permissions on keys are certain. A condition changes nothing about a role that gives
        none."""
        return self.doubt is None or (self.doubt is Doubt.CONDITION and not self.permissions)

    def under(self, uses_roles: bool | Hidden | None) -> Grant:
        """The grant as it counts in a vault that looks at role assignments alone (True), or at access
        policies alone (False). None: nobody knows at which."""
        if isinstance(uses_roles, Hidden):
            return replace(self, outer_doubt=self.outer_doubt or Doubt.MODEL)
        is_role = self.entry is None
        if uses_roles is None or uses_roles is is_role:
            return self
        return replace(self, ignored=True)


def certain(grants: Iterable[Grant]) -> frozenset[str]:
    """The permissions on keys that grants give, but for those in doubt."""
    return frozenset[str]().union(*(one.permissions for one in grants if one.is_certain))


def level(grants: Iterable[Grant]) -> rights.Access:
    """How far grants of one identity, taken together, cover what the service needs."""
    found = tuple(grants)
    return rights.level(certain(found), uncertain=not all(one.is_certain for one in found))


def key_scope(scope: str) -> tuple[str | None, str | None]:
    """The vault or managed HSM, and the key, that a role's scope names, in lower case; None for none."""
    ids = arm_ids.segments(scope)
    names = (arm_ids.VAULT, arm_ids.MANAGED_HSM)
    name = next((ids[one] for type in names if (one := arm_ids.name_of(type).lower()) in ids), None)
    return (key_uris.place_named(name, scope) if name else None), ids.get("keys")
