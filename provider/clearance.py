"""Whether something may be done to Azure: every reason against it at once, patience for those that pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from provider.facts import Surroundings
from provider.finding import Finding, Verdict
from provider.resource import Call
from provider.waiting import Patience

GRANT_LISTING_SECONDS = 120.0
"""How long a role assignment may take to be listed by ARM before it counts as missing."""

Look = Callable[[], Awaitable[tuple[Surroundings, list[Finding]]]]


class RefusedError(Exception):
    """What was asked for cannot be done; the message holds every reason and nothing was written."""


async def cleared(look: Look, call: Call, head: str) -> Surroundings:
    """What was seen when nothing spoke against the act any more; what was not checked has been told.

    Looks again while every reason against it may pass by itself. Raises RefusedError, whose message begins
    with `head`, and what `look` and `Patience.pause` raise.
    """
    backoff = call.patience.backoff(first=2.0)
    while True:
        around, found = await look()
        reasons = against(found)
        if not reasons:
            for finding in found:
                await call.inform(f"not checked: {finding.text}")
            return around
        if not all(_may_pass(finding, call.patience) for finding in reasons):
            raise RefusedError(refusal(head, found))
        await call.patience.pause(backoff.next(), f"waiting: {'; '.join(f.text for f in reasons)}")


def against(found: list[Finding]) -> list[Finding]:
    """The findings that speak against the act; what could not be read does not."""
    return [finding for finding in found if finding.verdict is not Verdict.UNCHECKED]


def refusal(head: str, found: list[Finding]) -> str:
    """Every finding as one message: what speaks against the act first, then what was not checked."""
    reasons = against(found)
    lines = [f"{head}: {len(reasons)} finding(s), nothing was written"]
    lines += [f"  - {f.rule}: {f.text}" + (f"\n      fix: {f.fix}" if f.fix else "") for f in reasons]
    lines += [f"  - not checked: {f.text}" for f in found if f.verdict is Verdict.UNCHECKED]
    return "\n".join(lines)


def _may_pass(finding: Finding, patience: Patience) -> bool:
    if finding.verdict is not Verdict.PASSING:
        return False
    return finding.rule != "identity-has-grant" or patience.elapsed < GRANT_LISTING_SECONDS
