"""The preflight: every reason against an act at once, and a wait while all of them may pass by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from provider.error_table import ErrorContext
from provider.errors import translate
from provider.failure import RefusedOperationError, ServiceError
from provider.finding import Finding, Preflight, Rule, Severity
from provider.resource import Call
from provider.rules import BINDING_RULES
from provider.waiting import Waiter

GRANT_LISTING_SECONDS = 120.0
"""How long a grant, or a new version of a key, may take to be shown by Resource Manager before it counts as
missing (assumed; nobody has measured how far its reads lag behind writes)."""
_MAY_BE_SHOWN_LATE = {"identity-has-access", "key-version-exists", "vault-exists"}
T = TypeVar("T")


@contextmanager
def refused_as(context: ErrorContext) -> Iterator[None]:
    """Makes a failure of Azure a refusal, in the user's words."""
    try:
        yield
    except ServiceError as failure:
        raise RefusedOperationError(translate(failure, context)) from failure


def findings(check: Preflight, rules: tuple[Rule, ...] = BINDING_RULES) -> list[Finding]:
    """All findings of the rules, in their order."""
    return [finding for rule in rules for finding in rule(check)]


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
