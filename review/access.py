"""Grants of a key as a review tells them, and what a revocation of access takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core import arm_ids, rights, values
from core.grants import Doubt, Grant, key_scope
from core.values import Mark, Value, folded
from review.resource import ReviewedState

Used = tuple[str, Value, str]
"""A grant by its resource, by whom it is for, and in words."""
_DOUBTS: Final = {
    Doubt.PERMISSIONS: "of which some are not known",
    Doubt.ROLE: "whose permissions this review does not know",
    Doubt.MODEL: "if the vault uses such grants",
    Doubt.HOLDER: "for an identity known after apply",
}
_SCOPES: Final = {
    "resourcegroups": "resource group",
    "managementgroups": "management group",
    "subscriptions": "subscription",
}


def words(grant: Grant) -> str:
    """A grant for a reader, with the place it is for."""
    said = f"{what(grant)} on {_place(grant.scope)}"
    if grant.doubt:
        said = f"{said}, {doubt(grant)}"
    return f"{said}, which the vault ignores" if grant.ignored else said


def what(grant: Grant) -> str:
    """What a grant gives, wherever it counts."""
    if grant.entry is None:
        id = arm_ids.name_of(folded(values.name(grant.resource.stated("roleDefinitionId"))) or "")
        return grant.role.name if grant.role else f"role {id}" if id else "a role known after apply"
    keys, application = grant.entry.keys, grant.entry.application_id
    said = "unknown permissions" if isinstance(keys, Mark) else "no key permissions"
    said = rights.spelt(keys) if keys and not isinstance(keys, Mark) else said
    if application:
        said = f"{said} for the application {getattr(application, 'value', application)} on behalf of it"
    return said


def doubt(grant: Grant) -> str:
    """Why what a grant gives is not certain; "" where it is."""
    if grant.doubt is Doubt.CONDITION:
        condition = values.name(grant.resource.stated("condition"))
        return f"under a condition: {condition}" if isinstance(condition, str) else "under a condition"
    return _DOUBTS[grant.doubt] if grant.doubt else ""


def used(grant: Grant) -> Used:
    """A grant, to find it again."""
    return grant.resource.urn, grant.principal, words(grant)


def excess(grant: Grant) -> tuple[str, ...]:
    """What a grant allows beyond the service's needs."""
    return rights.EffectiveAccess(grant.permissions).excess


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

    def takes(self, grant: Grant, id: str) -> bool:
        """Whether it removes a grant. `id` is the ARM id of the grant's resource."""
        if folded(self.principal) is None or folded(grant.principal) != folded(self.principal):
            return False
        vault, key = self.place
        named = self.assignment is not None and folded(id) == self.assignment
        return named or (grant.vault_name, grant.key_name) == (vault, None if grant.entry else key)


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
