"""Grants of a key: access policies, inline or standalone, and role assignments, with unknowns and secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from core import arm_ids, key_uris, protection, rights, roles, values
from core.protection import key_scope
from core.resource_types import HSM_ROLE_ASSIGNMENT, Kind
from core.rights import Access
from core.roles import Role
from core.values import Mark, Value, folded
from review.resource import ReviewedState, token_of

LATER: Final = "for an identity known after apply"
"""Why a grant may be an identity's, and may not."""
_UNKNOWN: Final = protection.StatedPolicyEntry(Mark.UNKNOWN, None, None, {"keys": Mark.UNKNOWN})


@dataclass(frozen=True)
class ReviewedGrant:
    """What one identity may do. `permissions` are lower case, as core has them.

    `scope` is an ARM id in lower case, or a vault's name for an access policy; empty when not known.
    `uncertain` says why the preview does not show what it allows; `ignored`: the vault looks at grants
    of the other kind alone, so that this one gives nothing; `is_listed`: its resource is a vault, whose own
    list holds grants of others, too.
    """

    urn: str
    principal: Value
    what: str
    scope: str
    permissions: frozenset[str]
    uncertain: str = ""
    role: Role | None = None
    is_role: bool = False
    ignored: bool = False
    is_listed: bool = False

    @property
    def in_managed_hsm(self) -> bool:
        """Whether it is a role of a managed HSM itself, which alone counts there, and nowhere else."""
        return token_of(self.urn) == HSM_ROLE_ASSIGNMENT

    @property
    def words(self) -> str:
        """The grant for a reader, with the place it is for."""
        said = f"{self.what} on {_place(self.scope)}"
        if self.uncertain:
            said = f"{said}, {self.uncertain}"
        return f"{said}, which the vault ignores" if self.ignored else said

    @property
    def excess(self) -> tuple[str, ...]:
        """What it allows beyond the service's needs."""
        return rights.EffectiveAccess(self.permissions).excess

    @property
    def place(self) -> tuple[str | None, str | None]:
        """The vault and the key that its scope names; each is None if the scope does not name one."""
        return key_scope(self.scope)

    def covers(self, vault: Value, key: Value, vault_id: str = "") -> bool:
        """Whether it counts for that key, or may: an unknown vault or scope is given the benefit."""
        if isinstance(vault, str) and key_uris.is_hsm_place(vault) is not self.in_managed_hsm:
            return False
        if not self.scope or not isinstance(vault, str):
            return True
        named_vault, named_key = self.place
        if named_vault is None:
            # A role counts for all below its scope: subscription, resource group.
            is_wide = not arm_ids.subscription_of(self.scope) or not vault_id
            return is_wide or arm_ids.covers(self.scope, vault_id)
        if named_vault != vault.lower():
            return False
        return named_key is None or not isinstance(key, str) or named_key == key.lower()

    def under(self, uses_rbac: bool | Mark | None) -> ReviewedGrant:
        """The grant in a vault that uses role assignments alone (True), or access policies alone
        (False). None: that is not known."""
        if isinstance(uses_rbac, Mark):
            return replace(self, uncertain=self.uncertain or "if the vault uses such grants")
        if uses_rbac is None or uses_rbac is self.is_role:
            return self
        return replace(self, permissions=frozenset(), uncertain="", ignored=True)


@dataclass(frozen=True)
class Revocation:
    """An azure-cmk:index:KeyAccessRevocation. When an update writes it, it removes an identity's own access
    to a key at once, even if the program declares that access (provider/key_access_revocation.py)."""

    principal: Value
    key: Value
    assignment: str | None

    @classmethod
    def of(cls, state: ReviewedState) -> Revocation:
        principal, key, id = (
            values.text(values.look(state.written, name)) for name in ("principalId", "keyId", "assignmentId")
        )
        return cls(principal, key, folded(id))

    @property
    def place(self) -> tuple[str | None, str | None]:
        return key_scope(folded(self.key) or "")

    def takes(self, grant: ReviewedGrant, id: str) -> bool:
        """Whether it removes a grant. `id` is the ARM id of the grant's resource."""
        if folded(self.principal) is None or folded(grant.principal) != folded(self.principal):
            return False
        vault, key = self.place
        named = self.assignment is not None and folded(id) == self.assignment
        return named or grant.place == (vault, key if grant.is_role else None)


def level(grants: Iterable[ReviewedGrant]) -> Access:
    """How far grants of one identity, taken together, cover what the service needs."""
    found = tuple(grants)
    return rights.level(certain(found), uncertain=any(one.uncertain for one in found))


def certain(grants: Iterable[ReviewedGrant]) -> frozenset[str]:
    """The permissions that grants give, whatever is uncertain."""
    return frozenset[str]().union(*(one.permissions for one in grants if not one.uncertain))


def of_policies(state: ReviewedState, entries: object, vault: Value, tenant: Value) -> list[ReviewedGrant]:
    """The grants of an access policy, or of a vault's own list. `tenant` is the vault's. Each entry is read
    on its own: one that is not shown hides no other."""
    scope = f"/vaults/{folded(vault)}" if folded(vault) else ""
    listed = [entries] if state.kind is Kind.ACCESS_POLICY else values.items(entries)
    found: list[protection.StatedPolicyEntry] = []
    for one in [listed] if isinstance(listed, Mark) else listed:
        entry = protection.entries_of(Kind.ACCESS_POLICY, {"policy": one})
        found += [_UNKNOWN] if isinstance(entry, Mark) else entry
    is_listed = state.kind is not Kind.ACCESS_POLICY
    return [replace(_of_entry(state.urn, one, scope, tenant), is_listed=is_listed) for one in found]


def _of_entry(urn: str, entry: protection.StatedPolicyEntry, scope: str, tenant: Value) -> ReviewedGrant:
    known = () if isinstance(entry.keys, Mark) else entry.keys
    what = rights.spelt(known) if known else "no key permissions"
    if isinstance(entry.keys, Mark):
        what = "unknown permissions"
    if entry.application_id:
        application = entry.application_id
        what = f"{what} for the application {getattr(application, 'value', application)} on behalf of it"
    ours = not (isinstance(tenant, str) and isinstance(entry.tenant_id, str))
    ours = ours or folded(tenant) == folded(entry.tenant_id)
    gives = ours and not entry.application_id
    is_unknown = isinstance(entry.keys, Mark) or isinstance(entry.application_id, Mark)
    return ReviewedGrant(
        urn=urn,
        principal=entry.holder,
        what=what,
        scope=scope,
        permissions=rights.expanded(known) if gives else frozenset(),
        uncertain="of which some are not known" if is_unknown else "",
    )


def of_role_assignment(state: ReviewedState) -> ReviewedGrant:
    """A role assignment, of a managed HSM's own roles too, whose permissions are its own."""
    definition, condition, principal, scope = map(
        state.text, ("roleDefinitionId", "condition", "principalId", "scope")
    )
    role = roles.built_in(definition) if isinstance(definition, str) else None
    id = arm_ids.name_of(folded(definition) or "")
    uncertain = "" if role else "whose permissions this review does not know"
    if role and condition:
        shown = f": {condition}" if isinstance(condition, str) else ""
        uncertain = f"under a condition{shown}"
    is_of_hsm = token_of(state.urn) == HSM_ROLE_ASSIGNMENT
    return ReviewedGrant(
        urn=state.urn,
        principal=principal,
        what=role.name if role else (f"role {id}" if id else "a role known after apply"),
        scope=folded(scope) or "",
        permissions=rights.of_role(role, arm_ids.HSM_KEY if is_of_hsm else "") if role else frozenset(),
        uncertain=uncertain,
        role=role,
        is_role=True,
    )


_SCOPES: Final = {
    "resourcegroups": "resource group",
    "managementgroups": "management group",
    "subscriptions": "subscription",
}


def _place(scope: str) -> str:
    named = arm_ids.segments(scope)
    for type, noun in (("vaults", "vault"), ("managedhsms", "managed HSM")):
        if type in named:
            key = f"key {named['keys']} of " if "keys" in named else ""
            return f"{key}{noun} {named[type]}"
    for type, noun in _SCOPES.items():
        if type in named:
            return f"{noun} {named[type]}"
    return scope or "a scope known after apply"
