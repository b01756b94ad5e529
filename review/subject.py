"""The rows of a review: accounts at three moments, and all other resources with verdicts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core import judgements
from core.grants import Doubt
from core.resource_types import Kind
from core.values import Value, folded
from review import access, lifecycle, rules
from review.moment import Moments, Protection, revoked_by
from review.preview import Preview
from review.resource import VAULTS, ReviewedResource
from review.rules import ReviewedAccount
from review.verdict import Name, Verdict, ordered

Found = tuple[str, Verdict]
"""A verdict, and the URN of its resource."""


@dataclass(frozen=True)
class VerdictSubject:
    """The subject of verdicts: an account before and after the update; or a `noun`, whose name may be a
    principal's."""

    name: Value
    id: Value
    noun: str
    verdicts: tuple[Verdict, ...]
    live: Protection | None = None
    planned: Protection | None = None


def subjects_of(preview: Preview) -> list[VerdictSubject]:
    """All accounts of a preview, and the other subjects that have verdicts."""
    resources = lifecycle.with_their_groups(preview.resources)
    moments = Moments.of_all(resources)
    by_urn = {resource.urn: resource for resource in resources}
    revoked = [one for one in resources if one.kind is Kind.REVOCATION]
    accounts = [
        ReviewedAccount(one, moments, by_urn, revoked) for one in resources if one.kind is Kind.ACCOUNT
    ]
    taken = {binding.urn for account in accounts for binding in account.bindings}
    adrift = (one for one in resources if one.kind is Kind.BINDING and one.urn not in taken)
    accounts += [ReviewedAccount(one, moments, by_urn, revoked) for one in adrift]
    found = [
        VerdictSubject(one.name, one.id, Kind.ACCOUNT.value, rules.verdicts_of(one), one.live, one.planned)
        for one in accounts
    ]
    # An account that leaves the stack loses its access, too, and its own verdicts may be silent about it.
    told = [
        one
        for one, its in zip(accounts, found, strict=True)
        if Name.ACCESS_REVOKED in {each.name for each in its.verdicts}
    ]
    owned = _owned(accounts)
    losing = [*access.losing(resources, moments, owned)]
    others: dict[str, list[Verdict]] = {}
    for urn, verdict in (*_of_others(resources, moments, accounts, told), *losing):
        others.setdefault(urn, []).append(verdict)
    for urn, verdicts in others.items():
        one = by_urn[urn]
        name = one.state.azure_name if one.kind in {*VAULTS, Kind.KEY} else one.name
        found.append(VerdictSubject(name, one.state.id or None, one.kind.value, ordered(verdicts)))
    restored = {urn for urn, verdict in losing if verdict.name is Name.ACCESS_RESTORED}
    for principal, verdict in access.gaining(moments, owned, _used(accounts), restored):
        found.append(VerdictSubject(principal, None, "principal", (verdict,)))
    return found


def _of_others(
    resources: Iterable[ReviewedResource],
    moments: Moments,
    accounts: Sequence[ReviewedAccount],
    told: Sequence[ReviewedAccount],
) -> Iterator[Found]:
    """The verdicts on each resource besides accounts and their keys and vaults. What goes with its account
    has none, because the account's own verdict says so. `told`: the accounts whose own verdicts say that
    their access is revoked."""
    used = {one.urn for account in accounts for one in (account.key, account.vault) if one}
    gone = lifecycle.below(resources, Kind.ACCOUNT)
    for one in resources:
        if one.kind is Kind.ACCOUNT or one.urn in used or (one.live and one.live.id.lower().startswith(gone)):
            continue
        found = [*lifecycle.verdicts_of(one)]
        if one.kind in {*VAULTS, Kind.KEY, Kind.LOCK} and not one.replaced:
            recorded, live, planned = moments.of(one.urn)
            if live and planned:
                found += rules.compared(live, planned)
                found += rules.outside(rules.compared, recorded, live, planned)
        if one.kind in (Kind.PROJECT, Kind.DEPLOYMENT) and one.planned and one.live is None:
            limit = judgements.below(moments.planned.stack, one.planned)
            found += [rules.refused(limit)] if limit else []
        elif one.kind is Kind.REVOCATION and one.planned and one.written:
            state = one.planned
            words = "access of {} to the key {} REMOVED at once, whether or not it is still declared"
            if not any(one.is_concerned(state) for one in told):
                found.append(Verdict(Name.ACCESS_REVOKED, words, revoked_by(state)))
        yield from ((one.urn, verdict) for verdict in found)


def _owned(accounts: Iterable[ReviewedAccount]) -> frozenset[tuple[str, str]]:
    """Principal and vault of each account, whose access its own verdicts are about."""
    found = set()
    for account in accounts:
        principals = [grant.principal for one in account.moments for grant in one.grants]
        principals += [one.principal for one in account.moments]
        vaults = {one.vault_name for one in account.keys if isinstance(one.vault_name, str)}
        found |= {(known, vault) for one in principals if (known := folded(one)) for vault in (*vaults, "")}
    return frozenset(found)


def _used(accounts: Iterable[ReviewedAccount]) -> set[tuple[str, Value, str]]:
    """The grants by which accounts use their keys: by resource, by holder, and in words."""
    held = [grant for one in accounts for at in (one.live, one.planned) if at for grant in at.grants]
    certain = (one for one in held if one.more_doubt is not Doubt.HOLDER)
    return {(one.resource.urn, one.principal, access.words(one)) for one in certain}
