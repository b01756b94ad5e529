"""The second of two passes over an account: what was done to its key, its identity, its access and its
settings outside Pulumi, and whether this update undoes it.

What was taken away may have been taken away on purpose, so giving it back needs a decision.
"""

from collections.abc import Iterator

from core.protection import AccountProtection
from core.values import Hidden
from core.verdicts import Name, Verdict
from review import access
from review.account import ReviewedAccount
from review.snapshot import Protection
from review.this_update import compared


def verdicts(account: ReviewedAccount) -> Iterator[Verdict]:
    """What was done to an account that is not replaced."""
    recorded, live, planned = account.recorded, account.live, account.planned
    if recorded and live and planned:
        yield from _encryption(recorded, live, planned)
        identity = [*_identity(recorded, live, planned)]
        yield from identity
        if recorded.bound and not identity:
            # Access goes with the identity that has it.
            yield from _access(account, recorded, live, planned)
        yield from of_settings(recorded, live, planned)
    elif account.account is None and not live and not planned:
        yield Verdict(Name.ACCOUNT_GONE, "account was deleted outside Pulumi")


def _encryption(recorded: Protection, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, now = recorded.key, live.key
    if recorded.bound and not live.bound:
        if isinstance(planned.key, AccountProtection):
            words = "was UNBOUND outside Pulumi; will be bound again to {}"
            yield Verdict(Name.REPAIRED, words, (planned.key.used.text,))
        else:
            yield Verdict(Name.UNBOUND, "was UNBOUND outside Pulumi, and this update does not bind it again")
    elif (
        isinstance(before, AccountProtection)
        and isinstance(now, AccountProtection)
        and before.used.is_same_version(now.used) is False
    ):
        words = "was re-bound outside Pulumi, from {} to {}"
        yield Verdict(Name.CHANGED, words, (before.used.text, now.used.text))


def _identity(recorded: Protection, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """The verdict on an account's own identity that it had and has no longer."""
    before, now, after = recorded.identity, live.identity, planned.identity
    if not before or not now or not before.is_system:
        return
    if now.is_system or isinstance(now.type, Hidden):
        return
    words = "system-assigned identity was removed outside Pulumi"
    if after and after.is_system:
        words = f"{words}; a new one gets no access by itself"
    yield Verdict(Name.IDENTITY_LOST, words)


def _access(
    account: ReviewedAccount, recorded: Protection, live: Protection, planned: Protection
) -> Iterator[Verdict]:
    is_given_back = any(access.lost(planned.grants, live.grants))
    for taken in access.lost(recorded.grants, live.grants):
        done = "removed"
        if taken.name is Name.ACCESS_NARROWED:
            done = "narrowed"
        elif taken.name is Name.UNDETERMINED:
            done = "changed"
        words = f"access to the key was {done} outside Pulumi"
        if not is_given_back:
            yield Verdict(taken.name, f"{words}, and is not given again")
        elif account.asks_access_back:
            yield Verdict(Name.ACCESS_GRANTED, "access to the key GIVEN: it is no longer declared as revoked")
        else:
            yield access.given_back(words)


def of_settings(recorded: Protection, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """Verdicts on changes outside Pulumi: protection that was weakened and that this update leaves so, and a
    service that was cut off from its key and that this update lets in again."""
    stays, undone = set(compared(recorded, planned)), set(compared(planned, live))
    for verdict in compared(recorded, live):
        if verdict in stays:
            yield verdict
        elif verdict.name is Name.ACCESS_REVOKED and verdict in undone:
            yield access.given_back(f"{verdict.words}, by a change outside Pulumi", verdict.values)
