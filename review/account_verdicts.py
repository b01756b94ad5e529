"""All verdicts on an account: what becomes of the account itself, the two passes, what the service demands of
it, and what becomes of its key and its vault."""

from collections.abc import Iterator
from typing import Final

from core import coverage
from core.verdicts import Name, Verdict, ordered
from review import outside, removal, this_update
from review.account import ReviewedAccount

_OUT_OF_REACH: Final = {
    *(Name.ACCESS_REVOKED, Name.IDENTITY_LOST, Name.KEY_REPLACED, Name.KEY_DELETED),
    *(Name.VAULT_REPLACED, Name.VAULT_DELETED),
}
"""Verdicts after which Azure deletes data of some kinds of accounts (core/coverage.py)."""


def of_account(account: ReviewedAccount) -> tuple[Verdict, ...]:
    """Every verdict on one account, the gravest first; none when nothing changes its encryption."""
    verdicts = [*_apart_from_data(account)]
    # Azure deletes data for good because the account can no longer use its key.
    lost = coverage.named(account.kind).deletes
    if lost and (account.is_revoked or _lose_key(account, verdicts)):
        words = f"DATA LOSS: Azure {lost}; restored access does not undo that"
        verdicts.append(Verdict(Name.DATA_DELETED, words))
    return ordered(verdicts)


def _apart_from_data(account: ReviewedAccount) -> Iterator[Verdict]:
    resource = account.account
    yield from removal.verdicts(resource)
    if resource is None or not resource.replaced:
        yield from outside.verdicts(account)
        yield from this_update.verdicts(account)
    if account.planned:
        yield from this_update.demands(account.live, account.planned)
    # A key goes with its vault. Accounts of other stacks may use both, so the verdict stands with this one.
    of_vault = [*removal.verdicts(account.vault)]
    yield from of_vault or removal.verdicts(account.key)


def _lose_key(account: ReviewedAccount, verdicts: list[Verdict]) -> bool:
    """Whether verdicts say that the account can no longer use its key. A key that is replaced and kept is
    still its key."""
    causes = {verdict.name for verdict in verdicts} & _OUT_OF_REACH
    key = account.key and (account.key.live or account.key.recorded)
    if key and key.retained:
        causes -= {Name.KEY_REPLACED}
    return bool(causes)
