"""What a preflight rule is given and gives: the facts, and the findings that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from core.key_uris import KeyUri
from provider.live_state import LiveState, Target


class Severity(Enum):
    """What follows from a finding.

    REFUSED: Azure would refuse it, or the data would later be lost; no update of what exists can change it.
    CHANGEABLE: refused too, but another resource of the same update may change it: a warning in a preview.
    TRANSIENT: may pass by itself (an account that is still being set up, a grant that is not shown yet).
    NOT_CHECKED: could not be read.
    """

    REFUSED = "refused"
    CHANGEABLE = "changeable"
    TRANSIENT = "transient"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: the rule's name, what was found and expected, and how to fix it."""

    rule: str
    severity: Severity
    text: str
    fix: str = ""

    def __str__(self) -> str:
        head = self.text if self.severity is Severity.NOT_CHECKED else f"{self.rule}: {self.text}"
        return f"{head}; {self.fix}" if self.fix else head


@dataclass(frozen=True)
class Preflight:
    """What is judged: the target as far as it is known, what Azure has now, and the time.

    `now` is seconds since 1970; `rebinding` says that this stack has bound the account before; `generation`
    is that of a key that is to be rotated, as the state has it.
    """

    target: Target
    live: LiveState
    now: float
    rebinding: bool = False
    generation: int = 0

    @property
    def key(self) -> KeyUri | None:
        """The key that is to be bound."""
        return self.target.key

    @property
    def vault_id(self) -> str:
        """The vault's ARM id as Azure writes it, else as it was given."""
        vault = self.live.vault
        return vault.id if vault else self.target.vault.text if self.target.vault else "VAULT_ID"

    @property
    def principal_id(self) -> str | None:
        """The identity that is to use the key."""
        account = self.live.account
        return account.principal_for(self.target.identity_client_id) if account else None


Rule = Callable[[Preflight], Iterator[Finding]]
