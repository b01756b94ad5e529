"""Grants of a key as a review tells them, what a change of grants takes away, and what a revocation does.

Source: "revoking access to the key", in "encryption of data at rest".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from core import arm_ids, rights, values
from core.effects import ACCESS_REMOVED
from core.grants import Doubt, Grant, certain, level
from core.rights import Access
from core.values import Mark, Value, folded
from review.resource import ReviewedState
from review.verdict import Name, Verdict

_DOUBTS: Final = {
    Doubt.PERMISSIONS: "of which some are not known",
    Doubt.ROLE: "whose permissions this review does not know",
    Doubt.MODEL: "if the vault uses such grants",
    Doubt.HOLDER: "for an identity known after apply",
}
_SCOPES: Final = {
    "vaults": "vault",
    "managedhsms": "managed HSM",
    "resourcegroups": "resource group",
    "managementgroups": "management group",
    "subscriptions": "subscription",
}
"""The noun for a scope, by the segment of its id, the narrowest first."""
_NARROWED: Final = (
    "access to the key NARROWED, {} is missing ({}): data is still read, until the key is bound again"
)
_UNSURE: Final = "access to the key changes, and the preview does not show whether it is still enough ({})"


def words(grant: Grant) -> str:
    """A grant for a reader, with the place it is for."""
    said = f"{what(grant)} on {_place(grant.scope)}"
    if grant.doubt:
        said = f"{said}, {doubt(grant)}"
    return f"{said}, which the vault ignores" if grant.ignored else said


def what(grant: Grant) -> str:
    """The permissions of a grant in words, wherever it counts."""
    if grant.entry is None:
        id = arm_ids.name_of(folded(values.name(grant.resource.stated("roleDefinitionId"))) or "")
        return grant.role.name if grant.role else f"role {id}" if id else "a role known after apply"
    keys, application = grant.entry.keys, grant.entry.application_id
    known = rights.spelt(keys) if keys and not isinstance(keys, Mark) else "no key permissions"
    said = "unknown permissions" if isinstance(keys, Mark) else known
    if application:
        said = f"{said} for the application {getattr(application, 'value', application)} on behalf of it"
    return said


def doubt(grant: Grant) -> str:
    """Why what a grant gives is not certain; "" where it is."""
    if grant.doubt is Doubt.CONDITION:
        condition = values.name(grant.resource.stated("condition"))
        return f"under a condition: {condition}" if isinstance(condition, str) else "under a condition"
    return _DOUBTS[grant.doubt] if grant.doubt else ""


def listed(grants: Iterable[Grant]) -> str:
    """Grants for a reader, each once."""
    return "; ".join(dict.fromkeys(map(words, grants)))


def excess(grant: Grant) -> tuple[str, ...]:
    """What a grant allows beyond the service's needs."""
    return rights.EffectiveAccess(grant.permissions).excess


def lost(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Verdict]:
    """The verdict on a change that takes permissions on a key from an identity; nothing if it takes none."""
    old, new = tuple(before), tuple(after)
    had, has = level(old), level(new)
    same = {(words(one), one.permissions) for one in old} == {(words(one), one.permissions) for one in new}
    if has is Access.FULL or had is Access.NONE or same:
        return
    if has is Access.UNKNOWN or had is Access.UNKNOWN:
        yield Verdict(Name.UNDETERMINED, _UNSURE, (listed(new) or listed(old),))
    elif certain(old) <= certain(new):
        return
    elif has is Access.NARROWER and certain(new) & rights.READS_DATA_KEYS:
        missing = ", ".join(rights.EffectiveAccess(certain(new)).missing)
        yield Verdict(Name.ACCESS_NARROWED, _NARROWED, (missing, listed(new)))
    elif certain(old) & rights.READS_DATA_KEYS:
        yield Verdict(Name.ACCESS_REVOKED, ACCESS_REMOVED, (listed(one for one in old if one.permissions),))


def revocation(state: ReviewedState) -> tuple[Value, Value]:
    """The principal and the key id of an azure-cmk:index:KeyAccessRevocation. When an update writes it, it
    removes an identity's own access to a key at once, even if the program declares that access
    (provider/key_access.py)."""
    principal, key = (values.text(values.look(state.written, name)) for name in ("principalId", "keyId"))
    return principal, key


def _place(scope: str) -> str:
    named = arm_ids.segments(scope)
    key = f"key {named['keys']} of " if "keys" in named else ""
    found = (f"{key}{noun} {named[type]}" for type, noun in _SCOPES.items() if type in named)
    return next(found, scope or "a scope known after apply")
