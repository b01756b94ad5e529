"""The rows of a review: accounts at three moments, and all other resources with verdicts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core import arm_ids, judgements
from core.grants import Doubt, key_scope
from core.protection import AccountProtection
from core.resource_types import Kind
from core.values import Value, folded
from review import access, holders, lifecycle, rules
from review.holders import Moments
from review.moment import Moment, Protection, When
from review.preview import Preview
from review.resource import VAULTS, ReviewedResource, ReviewedState
from review.rules import ReviewedAccount
from review.verdict import Name, Verdict, ordered


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
    moments = {when: Moment(resources, when) for when in When}
    by_urn = {resource.urn: resource for resource in resources}
    revoked = [one for one in resources if one.kind is Kind.REVOCATION]
    accounts = [_account(one, moments, by_urn, revoked) for one in resources if one.kind is Kind.ACCOUNT]
    taken = {binding.urn for account in accounts for binding in account.bindings}
    adrift = (one for one in resources if one.kind is Kind.BINDING and one.urn not in taken)
    accounts += [_account(one, moments, by_urn, revoked) for one in adrift]
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
    losing = [*holders.losing(resources, moments, owned)]
    for urn, verdicts in (
        *_of_stores(resources, moments, accounts),
        *((urn, (verdict,)) for urn, verdict in losing),
        *((urn, (verdict,)) for urn, verdict in _of_others(resources, moments[When.PLANNED], told)),
    ):
        one = by_urn[urn]
        name = one.state.azure_name if one.kind in {*VAULTS, Kind.KEY} else one.name
        found.append(VerdictSubject(name, one.state.id or None, one.kind.value, verdicts))
    restored = {urn for urn, verdict in losing if verdict.name is Name.ACCESS_RESTORED}
    for principal, verdict in holders.gaining(moments, owned, _used(accounts), restored):
        found.append(VerdictSubject(principal, None, "principal", (verdict,)))
    return found


def _account(
    resource: ReviewedResource,
    moments: Moments,
    by_urn: Mapping[str, ReviewedResource],
    revocations: Sequence[ReviewedResource],
) -> ReviewedAccount:
    """An account, or a binding whose account is not in the stack."""
    is_account = resource.kind is Kind.ACCOUNT
    recorded, live, planned = found = [moments[when].of(resource.urn) for when in When]
    bindings = dict.fromkeys(one.binding for one in found if one and one.binding)
    # What the data is under now; after the update where it is under none now.
    keys = (one.key for one in (live, recorded, planned) if one)
    used = next((one for one in keys if isinstance(one, AccountProtection)), None)
    key, vault = (by_urn[one.urn] if one else None for one in (used and used.key, used and used.vault))
    id = resource.state.id or None if is_account else resource.state.text("accountId")
    named = arm_ids.name_of(id) if isinstance(id, str) else id
    return ReviewedAccount(
        name=resource.state.azure_name if is_account else named,
        id=id,
        resource=resource if is_account else None,
        bindings=tuple(by_urn[urn] for urn in bindings),
        identities=tuple(by_urn[urn] for urn in sorted(live.used_by)) if live else (),
        recorded=recorded,
        live=live,
        planned=planned,
        key=key,
        vault=vault,
        asked_back=any(
            one.live and one.planned is None and _concerns(one.live, found) for one in revocations
        ),
        revoked=any(one.written and one.planned and _concerns(one.planned, found) for one in revocations),
    )


def _concerns(state: ReviewedState, protections: Iterable[Protection | None]) -> bool:
    """Whether a revocation is about an account's key and an identity with which the account uses it."""
    (principal, key), moments = access.revocation(state), [one for one in protections if one]
    keys = [one.key for one in moments if isinstance(one.key, AccountProtection)]
    principals = {folded(grant.principal) for one in moments for grant in one.grants}
    is_its_key = key_scope(folded(key) or "") in {(one.vault_name, one.key_name) for one in keys}
    return is_its_key and folded(principal) in principals


def _of_stores(
    resources: Iterable[ReviewedResource], moments: Moments, accounts: Iterable[ReviewedAccount]
) -> Iterator[tuple[str, tuple[Verdict, ...]]]:
    """Verdicts on each vault and key that no account of the preview is bound to."""
    used = {one.urn for account in accounts for one in (account.key, account.vault) if one}
    for one in resources:
        if one.kind not in {*VAULTS, Kind.KEY} or one.urn in used:
            continue
        found = [*lifecycle.of_store(one)]
        recorded, live, planned = (moments[when].of(one.urn) for when in When)
        if live and planned and not one.replaced:
            found += rules.compared(live, planned)
            found += rules.outside(rules.compared, recorded, live, planned)
        if found:
            yield one.urn, ordered(found)


def _of_others(
    resources: Sequence[ReviewedResource], planned: Moment, told: Sequence[ReviewedAccount]
) -> Iterator[lifecycle.Found]:
    """Verdicts on all other resources that go or are written, by URN. `told`: the accounts whose own verdicts
    say that their access is revoked."""
    yield from lifecycle.of_others(resources)
    for one in resources:
        if one.kind in (Kind.PROJECT, Kind.DEPLOYMENT) and one.planned and one.live is None:
            if limit := judgements.below(planned.stack, one.planned):
                yield one.urn, rules.refused(limit)
        elif one.kind is Kind.REVOCATION and one.planned and one.written:
            state = one.planned
            words = "access of {} to the key {} REMOVED at once, whether or not it is still declared"
            verdict = Verdict(Name.ACCESS_REVOKED, words, access.revocation(state))
            is_told = any(_concerns(state, each.moments) for each in told)
            yield from () if is_told else [(one.urn, verdict)]


def _owned(accounts: Iterable[ReviewedAccount]) -> frozenset[tuple[str, str]]:
    """Principal and vault of each account, whose access its own verdicts are about."""
    found = set()
    for account in accounts:
        principals = [grant.principal for one in account.moments for grant in one.grants]
        principals += [one.principal for one in account.moments]
        keys = [one.key for one in account.moments if isinstance(one.key, AccountProtection)]
        vaults = {one.vault_name for one in keys if isinstance(one.vault_name, str)}
        found |= {(known, vault) for one in principals if (known := folded(one)) for vault in (*vaults, "")}
    return frozenset(found)


def _used(accounts: Iterable[ReviewedAccount]) -> set[tuple[str, Value, str]]:
    """The grants by which accounts use their keys: by resource, by holder, and in words."""
    held = [grant for one in accounts for at in (one.live, one.planned) if at for grant in at.grants]
    certain = (one for one in held if one.more_doubt is not Doubt.HOLDER)
    return {(one.resource.urn, one.principal, access.words(one)) for one in certain}
