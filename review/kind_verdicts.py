"""What an update would give an account that accounts of its kind cannot have (core.kind_limits)."""

from collections.abc import Iterable, Iterator, Sequence

from core import demands, kind_limits
from core.demands import Judgement
from review.keys import ReviewedKey
from review.kinds import Kind
from review.other_stacks import Found
from review.protection import Protection
from review.resource import ReviewedResource, ReviewedState, arm_name
from review.values import Value, folded, text
from review.verdict import Name, Verdict

_BELOW = {Kind.PROJECT: kind_limits.projects, Kind.DEPLOYMENT: kind_limits.deployments}


def of_account(live: Protection | None, planned: Protection) -> Iterator[Verdict]:
    """Verdicts on what is new; what an account has already, Azure has taken."""
    had = set(_limits(live)) if live else set()
    yield from (_refused(one) for one in _limits(planned) if one not in had)
    if live is None:
        return
    kind, before, after = _text(planned.kind), live.key, planned.key
    if isinstance(before, ReviewedKey) and isinstance(after, ReviewedKey):
        vaults = [folded(one.vault) for one in (before, after)]
        if vaults[0] and vaults[1] and (unmet := kind_limits.vault_change(kind, vaults[0], vaults[1])):
            yield _refused(unmet)
    if unmet := kind_limits.storage_change(kind, _storage(live), _storage(planned)):
        yield _refused(unmet)


def below_accounts(resources: Sequence[ReviewedResource]) -> Iterator[Found]:
    """Verdicts by the URN of each project or deployment that is to be made."""
    accounts = [one for one in resources if one.kind is Kind.ACCOUNT]
    for one in resources:
        if one.kind in _BELOW and one.planned and one.live is None:
            unmet = _BELOW[one.kind](_text(_kind_above(one.planned, accounts)))
            if unmet:
                yield one.urn, _refused(unmet)


def _kind_above(child: ReviewedState, accounts: Iterable[ReviewedResource]) -> Value:
    named = folded(text(child.declared("accountName")))
    for one in accounts:
        account = one.planned
        if account and (
            child.needs(one.urn, "accountName")
            or (named and folded(arm_name(account, "accountName")) == named)
        ):
            return text(account.declared("kind"))
    return None


def _limits(account: Protection) -> Iterator[Judgement]:
    kind, key = _text(account.kind), account.key
    named = isinstance(key, ReviewedKey) and key.identity is not None
    found = (
        demands.tier(kind, tier) if account.bound and (tier := _text(account.tier)) else None,
        kind_limits.key_identity(kind, user_assigned=named),
        kind_limits.storage(kind, len(_storage(account))),
        kind_limits.search(kind, linked=any(what == "search" for what, _ in account.linked)),
        kind_limits.bypass(kind, stated=account.bypass is not None),
    )
    yield from (one for one in found if one)


def _storage(account: Protection) -> list[str]:
    return [id for what, id in account.linked if what == "storage"]


def _refused(unmet: Judgement) -> Verdict:
    return Verdict(Name.NOT_FOR_KIND, "Azure will REFUSE this: found {}", (unmet.text,))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
