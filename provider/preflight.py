"""The preflight: every reason against an act at once, and a wait while all of them may pass by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from core.key_uris import KeyUri
from provider.failure import RefusedOperationError
from provider.live_state import LiveState, Target
from provider.waiting import Waiter

if TYPE_CHECKING:
    from provider.resource import Call

GRANT_LISTING_SECONDS = 120.0
"""How long a grant, or a new version of a key, may take to be shown by Resource Manager before it counts as
missing (assumed; nobody has measured how far its reads lag behind writes)."""
_MAY_BE_SHOWN_LATE = {"identity-has-access", "key-version-exists", "vault-exists"}
T = TypeVar("T")


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


async def pass_preflight(look: Callable[[], Awaitable[tuple[T, list[Finding]]]], call: Call, head: str) -> T:
    """What was read when nothing was wrong any more; what was not checked has been logged.

    Looks again while every finding may pass by itself. Raises RefusedOperationError, whose message begins
    with `head`, and what `look` and `Waiter.pause` raise.
    """

    def is_over(seen: tuple[T, list[Finding]]) -> bool:
        wrong = blocking(seen[1])
        return not wrong or not all(_may_pass(finding, call.waiter) for finding in wrong)

    live, found = await call.waiter.until(
        look,
        is_over,
        lambda seen: f"waiting: {'; '.join(one.text for one in blocking(seen[1]))}",
        first=2.0,
    )
    if blocking(found):
        raise RefusedOperationError(refusal(head, found))
    for finding in found:
        await call.inform(f"not checked: {finding.text}")
    return live


def blocking(found: list[Finding]) -> list[Finding]:
    """The findings that forbid the act; what could not be read does not."""
    return [finding for finding in found if finding.severity is not Severity.NOT_CHECKED]


def refusal(head: str, found: list[Finding]) -> str:
    """Every finding as one message: what forbids the act first, then what was not checked."""
    wrong = blocking(found)
    lines = [f"{head}: {len(wrong)} finding(s), nothing was written"]
    lines += [f"  - {f.rule}: {f.text}" + (f"\n      fix: {f.fix}" if f.fix else "") for f in wrong]
    lines += [f"  - not checked: {f.text}" for f in found if f.severity is Severity.NOT_CHECKED]
    return "\n".join(lines)


def _may_pass(finding: Finding, waiter: Waiter) -> bool:
    if finding.severity is not Severity.TRANSIENT:
        return False
    return finding.rule not in _MAY_BE_SHOWN_LATE or waiter.elapsed < GRANT_LISTING_SECONDS
