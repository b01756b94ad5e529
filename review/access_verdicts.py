"""Verdicts on an account's access to its key: taken away, given, or wider than the service needs.

Owns: these judgements. Does not own: what a grant allows (access.py), nor access that goes with an identity
(rules.py). Source: revoking access to the key takes access to the data away, in "encryption of data at rest".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from review.access import Grant
from review.protection import Protection
from review.verdict import Name, Verdict


def of(recorded: Protection | None, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """What an update does to the access of an account that is, or will be, under a customer's key."""
    if not (live.bound or planned.bound):
        return
    if live.enough and planned.enough is False and planned.bound:
        yield Verdict(
            Name.ACCESS_REVOKED,
            "access to the key REMOVED ({}): the service can no longer read the data",
            (_shown(live.grants),),
        )
    if live.enough and planned.enough is None and planned.bound:
        yield Verdict(
            Name.NOT_TOLD,
            "access to the key changes, and the preview does not tell whether it is still enough ({})",
            ("; ".join(dict.fromkeys(grant.words for grant in planned.grants)),),
        )
    # What the state says was given, and is missing now, was taken away outside Pulumi: drift, in rules.py.
    was_given = recorded is not None and recorded.enough is True
    if live.bound and live.enough is False and planned.enough and not was_given:
        yield Verdict(
            Name.ACCESS_GIVEN,
            "access to the key GIVEN ({}): the service can read the data again",
            (_shown(planned.grants),),
        )
    had = {(grant.what, grant.scope) for grant in live.grants}
    for grant in planned.grants:
        if grant.more and grant.scope and (grant.what, grant.scope) not in had:
            yield Verdict(
                Name.ACCESS_WIDENED, "the service may do MORE with the key than it needs: {}", (grant.words,)
            )


def _shown(grants: Iterable[Grant]) -> str:
    return "; ".join(dict.fromkeys(grant.words for grant in grants if grant.enough))
