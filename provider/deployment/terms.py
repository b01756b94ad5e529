"""Whether terms that no API accepts may stand in the way.

Azure makes no account of some kinds until somebody accepted their Responsible AI terms, by making the first
one in the portal (ResourceKindRequireAcceptTerms), and no API tells whether that was done. That a
subscription with an account of the kind has accepted them is assumed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from core import arm_ids, kinds
from core.api_versions import ACCOUNTS
from provider.deployment.model import CREATE, Planned, Report, Unchecked
from provider.deployment.questions import Questions, UnansweredQuestionError

NAME: Final = "terms"
KINDS: Final = frozenset(kind.name for kind in kinds.ALL if kind.terms)


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """Names as not checked each kind that has terms and of which the subscription has no account yet."""
    made: dict[str, set[str]] = {}
    for one in plan:
        if one.action == CREATE and one.type.lower() == arm_ids.ACCOUNT.lower() and not one.recovers:
            made.setdefault(one.subscription, set()).update({one.kind} & KINDS)
    reports = await asyncio.gather(
        *(_open(subscription, kinds, ask) for subscription, kinds in made.items() if kinds)
    )
    return sum(reports, Report())


async def _open(subscription: str, kinds: set[str], ask: Questions) -> Report:
    what = "whether the terms of kind {} are accepted in the subscription"
    try:
        there = await ask.list(arm_ids.of_subscription(subscription, arm_ids.ACCOUNT), ACCOUNTS)
    except UnansweredQuestionError as unanswered:
        return Report(unchecked=(Unchecked(NAME, what.format(", ".join(sorted(kinds))), str(unanswered)),))
    why = (
        "no API tells, and it has no account of this kind; if Azure answers ResourceKindRequireAcceptTerms, "
        "make the first one in the portal, which asks for them, and run the same command again"
    )
    missing = sorted(kinds - {str(one.get("kind")) for one in there})
    return Report(unchecked=tuple(Unchecked(NAME, what.format(kind), why) for kind in missing))
