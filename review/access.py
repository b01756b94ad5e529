"""Grants of a key: access policies, inline or standalone, and role assignments, with unknowns and secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from core import arm_ids, key_uris, rights, roles
from core.facts import PolicyEntry
from core.resource_types import HSM_ROLE_ASSIGNMENT
from core.rights import Access
from core.roles import Role
from review.kinds import token_of
from review.resource import ReviewedState, arm_name
from review.values import Mark, Value, folded, items, look, text

Place = tuple[str | None, str | None]
"""The vault and the key that a scope names; each is None if the scope does not name one."""


@dataclass(frozen=True)
class ReviewedGrant:
    """What one identity may do. `permissions` are lower case, as core has them.

    `scope` is an ARM id in lower case, or a vault's name for an access policy; empty when not known.
    `uncertain` says why the preview does not show what it allows; `ignored`: the vault looks at grants
    of the other kind alone, so that this one gives nothing.
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
    def place(self) -> Place:
        return _place_of(self.scope)

    def covers(self, vault: Value, key: Value, vault_id: str = "") -> bool:
        """Whether it counts for that key, or may: an unknown vault or scope is given the benefit."""
        if isinstance(vault, str) and key_uris.is_hsm_place(vault) is not self.in_managed_hsm:
            return False
        if not self.scope or not isinstance(vault, str):
            return True
        named_vault, named_key = self.place
        if named_vault is None:
            # A role counts for all below its scope: subscription, resource group.
            return (
                not arm_ids.subscription_of(self.scope)
                or not vault_id
                or arm_ids.covers(self.scope, vault_id)
            )
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
            text(look(state.inputs, name)) for name in ("principalId", "keyId", "assignmentId")
        )
        return cls(principal, key, folded(id))

    @property
    def place(self) -> Place:
        return _place_of(folded(self.key) or "")

    def takes(self, grant: ReviewedGrant, id: str) -> bool:
        """Whether it removes a grant. `id` is the ARM id of the grant's resource."""
        if folded(self.principal) is None or folded(grant.principal) != folded(self.principal):
            return False
        vault, key = self.place
        named = self.assignment is not None and folded(id) == self.assignment
        return named or grant.place == (vault, key if grant.is_role else None)


def level(grants: Iterable[ReviewedGrant]) -> Access:
    """How far grants of one identity, taken together, cover what the service needs."""
    given = list(grants)
    certain = frozenset[str]().union(*(one.permissions for one in given if not one.uncertain))
    return rights.level(certain, uncertain=any(one.uncertain for one in given))


def of_access_policy(urn: str, state: ReviewedState, tenant: Value = None) -> ReviewedGrant:
    """A standalone azure-native:keyvault:AccessPolicy. `tenant` is the vault's."""
    policy = state.declared("policy")
    vault = folded(text(state.declared("vaultName"))) or folded(arm_name(state, "vaultName"))
    return _of_policy(urn, policy, vault or "", tenant)


def inline(urn: str, entries: object, name: Value, tenant: Value = None) -> Iterable[ReviewedGrant]:
    """The entries of a vault's own accessPolicies."""
    listed = items(entries)
    for entry in listed if isinstance(listed, list) else ():
        yield _of_policy(urn, entry, folded(name) or "", tenant)


def of_role_assignment(urn: str, state: ReviewedState) -> ReviewedGrant:
    """An azure-native:authorization:RoleAssignment, or the generic resource of that type."""
    definition = _stated(state, "roleDefinitionId")
    condition = _stated(state, "condition")
    role = roles.built_in(definition) if isinstance(definition, str) else None
    id = arm_ids.name_of(folded(definition) or "")
    uncertain = "" if role else "whose permissions this review does not know"
    if role and condition:
        shown = f": {condition}" if isinstance(condition, str) else ""
        uncertain = f"under a condition{shown}"
    return ReviewedGrant(
        urn=urn,
        principal=_stated(state, "principalId"),
        what=role.name if role else (f"role {id}" if id else "a role known after apply"),
        scope=folded(_stated(state, "scope")) or "",
        permissions=rights.of_role(role, _plane(urn)) if role else frozenset(),
        uncertain=uncertain,
        role=role,
        is_role=True,
    )


def _plane(urn: str) -> str:
    """Where a role assignment counts: the roles of a managed HSM are its own, and those of Resource Manager
    give nothing in it."""
    return arm_ids.HSM_KEY if token_of(urn) == HSM_ROLE_ASSIGNMENT else arm_ids.KEY


def _stated(state: ReviewedState, name: str) -> Value:
    """A property that azure-native flattens, and its generic resource does not."""
    stated = text(state.declared(name))
    return text(state.declared(f"properties.{name}")) if stated is None else stated


def _of_policy(urn: str, policy: Any, vault: str, tenant: Value) -> ReviewedGrant:
    listed = items(look(policy, "permissions.keys"))
    words = [text(item) for item in listed] if isinstance(listed, list) else []
    names = tuple(name for item in words if (name := folded(item)) is not None)
    principal, application = (text(look(policy, name)) for name in ("objectId", "applicationId"))
    own = text(look(policy, "tenantId"))
    what = rights.spelt(names) if names else "no key permissions"
    unknown = isinstance(listed, Mark) or any(isinstance(item, Mark) for item in words)
    entry = PolicyEntry(
        object_id=principal if isinstance(principal, str) else "",
        keys=names,
        tenant_id=own if isinstance(own, str) else "",
        application_id=application if isinstance(application, str) else "",
    )
    if application:
        shown = application if isinstance(application, str) else application.value
        what = f"{what} for the application {shown} on behalf of it"
    return ReviewedGrant(
        urn=urn,
        principal=principal,
        what="unknown permissions" if unknown and not names else what,
        scope=f"/vaults/{vault}" if vault else "",
        permissions=rights.of_entry(entry, entry.object_id, tenant if isinstance(tenant, str) else ""),
        uncertain="of which some are not known" if unknown or isinstance(application, Mark) else "",
    )


def _place_of(scope: str) -> Place:
    named = arm_ids.segments(scope)
    name = named.get("vaults") or named.get("managedhsms")
    return key_uris.place_named(name, scope) if name else None, named.get("keys")


def _place(scope: str) -> str:
    named = arm_ids.segments(scope)
    for type, noun in (("vaults", "vault"), ("managedhsms", "managed HSM")):
        if type in named:
            key = f"key {named['keys']} of " if "keys" in named else ""
            return f"{key}{noun} {named[type]}"
    if "resourcegroups" in named:
        return f"resource group {named['resourcegroups']}"
    if "managementgroups" in named:
        return f"management group {named['managementgroups']}"
    if "subscriptions" in named:
        return f"subscription {named['subscriptions']}"
    return scope or "a scope known after apply"
