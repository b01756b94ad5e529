"""The verdicts, by the names that approvals use; their severities and exit codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from core.values import Value, as_text


class VerdictSeverity(IntEnum):
    """What a verdict requires of the reviewer. The values order them."""

    NONE = 0
    NOTE = 1
    APPROVAL = 2
    BLOCKED = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """0 nothing or notes, 3 needs a named approval, 4 blocked."""
        return {VerdictSeverity.APPROVAL: 3, VerdictSeverity.BLOCKED: 4}.get(self, 0)


class Name(StrEnum):
    """Every verdict, by the name that an approval uses; fixed, because people's approvals hold it. The order
    is the severity: first the verdicts that block, from ACCESS_NARROWED those that need an approval, from
    BOUND the notes."""

    UNBOUND = "unbound"
    MAY_UNBIND = "may-unbind"
    IDENTITY_LOST = "identity-lost"
    ACCESS_REVOKED = "access-revoked"
    DATA_DELETED = "data-deleted"
    ACCESS_RESTORED = "access-restored"
    VAULT_REPLACED = "vault-replaced"
    VAULT_DELETED = "vault-deleted"
    KEY_REPLACED = "key-replaced"
    KEY_DELETED = "key-deleted"
    ACCOUNT_REPLACED = "account-replaced"
    ACCOUNT_DELETED = "account-deleted"
    PROJECT_DELETED = "project-deleted"
    RECOVERY_WEAKENED = "recovery-weakened"
    ACCESS_NARROWED = "access-narrowed"
    PROTECTION_WEAKENED = "protection-weakened"
    ACCESS_WIDENED = "access-widened"
    PRINCIPAL_ADDED = "principal-added"
    IDENTITY_CHANGED = "identity-changed"
    OLDER_VERSION = "older-version"
    LINK_LOST = "link-lost"
    NOT_FOR_KIND = "not-for-kind"
    DEMAND_UNMET = "demand-unmet"
    KEY_CHANGED = "key-changed"
    NOT_ENCRYPTED = "not-encrypted"
    RELEASED = "released"
    ACCOUNT_GONE = "account-gone"
    UNDETERMINED = "undetermined"
    BOUND = "bound"
    ROTATED = "rotated"
    REASSERTED = "re-asserted"
    REPAIRED = "repaired"
    ACCESS_GRANTED = "access-granted"
    ROLE_BY_PAGE = "role-by-page"
    STRENGTHENED = "strengthened"
    CHANGED = "changed"


_PLACES: Final = {name: place for place, name in enumerate(Name)}


@dataclass(frozen=True)
class Verdict:
    """One effect of an update on an account's data. `words` has a `{}` for each of `values`. Text that comes
    from the change is only in `values`, never in `words`."""

    name: Name
    words: str
    values: tuple[Value, ...] = ()

    @property
    def severity(self) -> VerdictSeverity:
        """How grave it is, by its name alone."""
        place = _PLACES[self.name]
        if place < _PLACES[Name.ACCESS_NARROWED]:
            return VerdictSeverity.BLOCKED
        if place < _PLACES[Name.BOUND]:
            return VerdictSeverity.APPROVAL
        return VerdictSeverity.NOTE

    @property
    def text(self) -> str:
        """The words with the values in them."""
        return self.words.format(*map(as_text, self.values))

    @property
    def said(self) -> list[Value]:
        """Its parts, for a digest."""
        return [self.name.value, self.words, *self.values]


def ordered(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Each verdict once, the gravest first."""
    return tuple(sorted(dict.fromkeys(verdicts), key=lambda verdict: -verdict.severity))
