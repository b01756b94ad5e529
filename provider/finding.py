"""What a preflight rule is given and gives: the subject, the finding and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from provider import ids
from provider.binding import Wish
from provider.facts import Surroundings


class Verdict(Enum):
    """What follows from a finding.

    REFUSED: Azure would refuse it, or the data would later be lost; no update of what exists can change it.
    CHANGEABLE: refused too, but another resource of the same update may put it right: a warning in preview.
    PASSING: may pass by itself (an account still being set up, a role assignment not listed yet).
    UNCHECKED: could not be read.
    """

    REFUSED = "refused"
    CHANGEABLE = "changeable"
    PASSING = "passing"
    UNCHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: the rule's name, what was found and wanted, and the way to fix it."""

    rule: str
    verdict: Verdict
    text: str
    fix: str = ""

    def __str__(self) -> str:
        head = f"{self.rule}: {self.text}" if self.verdict is not Verdict.UNCHECKED else f"{self.text}"
        return f"{head}; {self.fix}" if self.fix else head


@dataclass(frozen=True)
class Subject:
    """What a preflight is about: the wish as far as it is known, what is around it, and the time.

    `now` is seconds since 1970; `rebinding` says that this stack has bound the account before.
    """

    wish: Wish
    around: Surroundings
    now: float
    rebinding: bool = False

    @property
    def key(self) -> ids.KeyUri | None:
        return self.wish.key

    @property
    def vault_id(self) -> str:
        vault = self.around.vault
        return vault.id if vault else self.wish.vault.text if self.wish.vault else "VAULT_ID"

    @property
    def principal_id(self) -> str | None:
        account = self.around.account
        return account.principal_for(self.wish.identity_client_id) if account else None


Rule = Callable[[Subject], Iterator[Finding]]
