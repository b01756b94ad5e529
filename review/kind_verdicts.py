"""What an update would change of an account, or make below one, that accounts of its kind cannot have."""

from collections.abc import Iterator, Sequence

from core import judgements, kind_limits, values
from core.protection import AccountProtection
from core.resource_types import Kind
from review import settings
from review.comparison import verdict
from review.lifecycle import Found
from review.protection import Protection
from review.resource import ReviewedResource, ReviewedState
from review.snapshot import Snapshot
from review.verdict import Verdict


def of_account(live: Protection | None, planned: Protection) -> Iterator[Verdict]:
    """Verdicts on a change of the key's vault, or of linked storage."""
    if live is None or live.account is None or planned.account is None:
        return
    kind, before, after = values.name(planned.account.stated("kind")), live.key, planned.key
    kind = kind if isinstance(kind, str) else ""
    storage = (_storage(live.account), _storage(planned.account))
    judged = [kind_limits.storage_change(kind, *storage)]
    if isinstance(before, AccountProtection) and isinstance(after, AccountProtection):
        vaults = before.vault_name, after.vault_name
        if isinstance(vaults[0], str) and isinstance(vaults[1], str):
            judged.append(kind_limits.vault_change(kind, vaults[0], vaults[1]))
    yield from (verdict(one) for one in judged if one)


def below_accounts(resources: Sequence[ReviewedResource], planned: Snapshot) -> Iterator[Found]:
    """Verdicts by the URN of each project or deployment that is to be made."""
    for one in resources:
        is_new = one.kind in (Kind.PROJECT, Kind.DEPLOYMENT) and one.live is None
        if is_new and one.planned and (limit := judgements.below(planned.stack, one.planned)):
            yield one.urn, verdict(limit)


def _storage(account: ReviewedState) -> list[str]:
    return [id for what, id in settings.linked_of(account) if what == "storage"]
