"""Whether terms, or a form, that no API tells of may stand in the way.

Azure makes no account of some kinds until somebody accepted their Responsible AI terms, by making the first
one in the portal (ResourceKindRequireAcceptTerms), and takes a customer's key for others only in a
subscription for which a form was approved. No API tells whether either was done. That a subscription with an
account of the kind has accepted the terms, and one with such an account under a customer's key has the
approval, is assumed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from core import adapters, arm_ids, kinds
from core.api_versions import ACCOUNTS
from core.facts import Account
from provider.deployment.model import CREATE, Planned, Report, Unchecked
from provider.deployment.questions import Questions, UnansweredQuestionError

NAME: Final = "terms"
TERMS: Final = frozenset(kind.name for kind in kinds.ALL if kind.terms)
FORMS: Final = {kind.name: kind.approval for kind in kinds.ALL if kind.approval}


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """Names as not checked each kind that has terms, or a form for its key, and of which the subscription has
    no account yet, or none under a customer's key."""
    made: defaultdict[str, set[tuple[str, bool]]] = defaultdict(set)
    for one in plan:
        if one.action == CREATE and one.type.lower() == arm_ids.ACCOUNT.lower() and not one.recovers:
            encryption = adapters.account(one.bound or one.content).encryption
            if one.kind in TERMS:
                made[one.subscription].add((one.kind, False))
            if one.kind in FORMS and encryption.is_customer_managed:
                made[one.subscription].add((one.kind, True))
    found: list[Unchecked] = []
    for subscription, asked in made.items():
        there: list[Account] = []
        unanswered = ""
        try:
            listed = await ask.list(arm_ids.of_subscription(subscription, arm_ids.ACCOUNT), ACCOUNTS)
            there = [adapters.account(one) for one in listed]
        except UnansweredQuestionError as error:
            unanswered = str(error)
        for kind, is_form in sorted(asked):
            of_kind = [one for one in there if one.kind == kind]
            if unanswered or not any(one.encryption.is_customer_managed or not is_form for one in of_kind):
                found.append(_open(kind, unanswered, is_form=is_form))
    return Report(unchecked=tuple(found))


def _open(kind: str, unanswered: str, *, is_form: bool) -> Unchecked:
    if is_form:
        what = f"whether customer-managed keys for kind {kind} are approved for the subscription"
        why = (
            "no API tells, and it has no account of this kind under a customer's key; the form is "
            f"{FORMS[kind]}"
        )
    else:
        what = f"whether the terms of kind {kind} are accepted in the subscription"
        why = (
            "no API tells, and it has no account of this kind; if Azure answers "
            "ResourceKindRequireAcceptTerms, make the first one in the portal, which asks for them, and run "
            "the same command again"
        )
    return Unchecked(NAME, what, unanswered or why)
