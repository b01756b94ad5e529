"""What an update would give an account that accounts of its kind cannot have, as core judges it."""

from collections.abc import Iterable, Iterator, Sequence

from core import demands, kind_limits
from core.demands import Judgement
from core.resource_types import GENERIC_NAMES, Kind
from core.values import folded, look
from review import settings
from review.keys import ReviewedKey
from review.lifecycle import Found
from review.protection import Protection
from review.resource import ReviewedResource, ReviewedState
from review.verdict import Name, Verdict

_BELOW = {Kind.PROJECT: kind_limits.projects, Kind.DEPLOYMENT: kind_limits.deployments}


def of_account(live: Protection | None, planned: Protection) -> Iterator[Verdict]:
    """Verdicts on what is new; what an account has already, Azure has taken."""
    had = set(_limits(live)) if live else set()
    yield from (_refused(one) for one in _limits(planned) if one not in had)
    if live is None or live.account is None or planned.account is None:
        return
    kind, before, after = _said(planned.account, "kind"), live.key, planned.key
    if isinstance(before, ReviewedKey) and isinstance(after, ReviewedKey):
        vaults = [folded(one.vault) for one in (before, after)]
        if vaults[0] and vaults[1] and (unmet := kind_limits.vault_change(kind, vaults[0], vaults[1])):
            yield _refused(unmet)
    if unmet := kind_limits.storage_change(kind, _storage(live.account), _storage(planned.account)):
        yield _refused(unmet)


def below_accounts(resources: Sequence[ReviewedResource]) -> Iterator[Found]:
    """Verdicts by the URN of each project or deployment that is to be made."""
    accounts = [one.planned for one in resources if one.kind is Kind.ACCOUNT and one.planned]
    for one in resources:
        is_new = one.kind in _BELOW and one.live is None
        above = _kind_above(one.planned, accounts) if is_new and one.planned else ""
        if above and (unmet := _BELOW[one.kind](above)):
            yield one.urn, _refused(unmet)


def _kind_above(child: ReviewedState, accounts: Iterable[ReviewedState]) -> str:
    named = folded(child.text("accountName"))
    above = (
        one
        for one in accounts
        if child.needs(one.urn, "accountName", GENERIC_NAMES[0])
        or (named and folded(one.azure_name) == named)
    )
    return _said(next(above, None), "kind")


def _limits(one: Protection) -> Iterator[Judgement]:
    if one.account is None:
        return
    kind, tier = (_said(one.account, name) for name in ("kind", "sku.name"))
    named = isinstance(one.key, ReviewedKey) and one.key.identity is not None
    linked = settings.linked_of(one.account)
    found = (
        demands.tier(kind, tier, planned=True) if one.bound and tier else None,
        kind_limits.key_identity(kind, user_assigned=named),
        kind_limits.storage(kind, len(_storage(one.account))),
        kind_limits.search(kind, linked=any(what == "search" for what, _ in linked)),
        kind_limits.bypass(kind, stated=look(one.account.stated("networkAcls"), "bypass") is not None),
    )
    yield from (judged for judged in found if judged)


def _storage(account: ReviewedState) -> list[str]:
    return [id for what, id in settings.linked_of(account) if what == "storage"]


def _refused(unmet: Judgement) -> Verdict:
    return Verdict(Name.NOT_FOR_KIND, "Azure will REFUSE this: found {}", (unmet.text,))


def _said(state: ReviewedState | None, name: str) -> str:
    found = look(state.inputs, name) if state else None
    return found if isinstance(found, str) else ""
