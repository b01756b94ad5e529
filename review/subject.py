"""The subjects of verdicts: accounts at three moments, and vaults and keys that no account uses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core import arm_ids
from core.grants import Doubt
from core.protection import AccountProtection
from core.resource_types import Kind
from core.values import Mark, Value, folded
from review import (
    access,
    access_verdicts,
    comparison,
    kind_verdicts,
    lifecycle,
    other_stacks,
    principals,
    protection,
    settings,
)
from review.access import Revocation
from review.preview import Preview
from review.protection import Protection
from review.resource import VAULTS, ReviewedResource
from review.snapshot import Moment, Snapshot
from review.verdict import Name, Verdict, ordered

Snapshots = Mapping[Moment, Snapshot]


@dataclass(frozen=True)
class ReviewedAccount:
    """One account over the preview. `id` is its ARM id, `account` None outside the stack.

    `maybe_bound`: the preview has a binding and does not show whose it is, as in the streaming form.
    `asked_back`: the program no longer declares the revocation of the account's access. `revoked`: it carries
    out a revocation.
    """

    name: Value
    id: Value
    account: ReviewedResource | None
    bindings: tuple[ReviewedResource, ...]
    recorded: Protection | None
    live: Protection | None
    planned: Protection | None
    key: ReviewedResource | None = None
    vault: ReviewedResource | None = None
    identities: tuple[ReviewedResource, ...] = ()
    maybe_bound: bool = False
    asked_back: bool = False
    revoked: bool = False

    @property
    def moments(self) -> list[Protection]:
        """Its protection at each moment at which it is there."""
        return [one for one in (self.recorded, self.live, self.planned) if one]


@dataclass(frozen=True)
class Other:
    """A vault or a key that no account of the preview is bound to, or whatever else has verdicts."""

    name: Value
    id: Value
    noun: str
    verdicts: tuple[Verdict, ...]


def subjects_of(preview: Preview) -> tuple[tuple[ReviewedAccount, ...], tuple[Other, ...]]:
    """The accounts of a preview, and what else has verdicts."""
    resources = lifecycle.with_their_groups(preview.resources)
    snapshots = {moment: Snapshot(resources, moment) for moment in Moment}
    by_urn = {resource.urn: resource for resource in resources}
    subjects = [_subject(one, snapshots, by_urn) for one in resources if one.kind is Kind.ACCOUNT]
    taken = {binding.urn for subject in subjects for binding in subject.bindings}
    adrift = [one for one in resources if one.kind is Kind.BINDING and one.urn not in taken]
    if any(one.planned and one.planned.text("accountId") is Mark.UNKNOWN for one in adrift):
        subjects = [replace(one, maybe_bound=True) for one in subjects]
    subjects += [_subject(one, snapshots, by_urn) for one in adrift]
    revocations = [one for one in resources if one.kind is Kind.REVOCATION]
    ended = [Revocation.of(one.live) for one in revocations if one.live and one.planned is None]
    begun = [Revocation.of(one.planned) for one in revocations if one.planned and one.written]
    subjects = [
        replace(
            one,
            asked_back=any(_concerns(each, one) for each in ended),
            revoked=any(_concerns(each, one) for each in begun),
        )
        for one in subjects
    ]
    return tuple(subjects), tuple(_others(resources, snapshots, subjects, revocations))


def _others(
    resources: Sequence[ReviewedResource],
    snapshots: Snapshots,
    subjects: Sequence[ReviewedAccount],
    revocations: Sequence[ReviewedResource],
) -> Iterator[Other]:
    used = {one.urn for subject in subjects for one in (subject.key, subject.vault) if one}
    for one in resources:
        if one.kind in {*VAULTS, Kind.KEY} and one.urn not in used and (found := _of_store(one, snapshots)):
            yield Other(one.state.azure_name, one.state.id or None, one.kind.value, found)
    owned = _owned(subjects)
    elsewhere = [*other_stacks.verdicts(resources, snapshots, owned)]
    by_urn = {one.urn: one for one in resources}
    for urn, verdict in (
        *elsewhere,
        *lifecycle.of_others(resources),
        *kind_verdicts.below_accounts(resources, snapshots[Moment.PLANNED]),
        *_revoked(revocations, subjects),
    ):
        one = by_urn[urn]
        yield Other(one.name, one.state.id or None, one.kind.value, (verdict,))
    told = {urn for urn, verdict in elsewhere if verdict.name is Name.ACCESS_RESTORED}
    moments = [at for one in subjects for at in (one.live, one.planned) if at]
    used_grants = {
        access.used(grant) for at in moments for grant in at.grants if grant.more_doubt is not Doubt.HOLDER
    }
    for principal, verdict in principals.added(snapshots, owned, used_grants, told):
        yield Other(principal, None, "principal", (verdict,))


def _of_store(resource: ReviewedResource, snapshots: Snapshots) -> tuple[Verdict, ...]:
    """Verdicts on a vault or a key that no account of the preview is bound to."""
    found = [*lifecycle.of_store(resource), *lifecycle.replacing(resource)]
    states = ((snapshots[moment], snapshots[moment].state(resource.urn)) for moment in Moment)
    recorded, live, planned = (state and protection.of_store(at, state) for at, state in states)
    if live and planned and not resource.replaced:
        found += comparison.compared(live, planned)
        if recorded and resource.kind in VAULTS:
            found += settings.outside(comparison.compared, recorded, live, planned)
    return ordered(found)


def _concerns(revocation: Revocation, subject: ReviewedAccount) -> bool:
    """Whether a revocation is about the account's key and an identity with which the account uses it."""
    keys = {
        (one.key.vault_name, one.key.key_name)
        for one in subject.moments
        if isinstance(one.key, AccountProtection)
    }
    principals = {folded(grant.principal) for one in subject.moments for grant in one.grants}
    return revocation.place in keys and folded(revocation.principal) in principals


def _revoked(
    revocations: Iterable[ReviewedResource], subjects: Iterable[ReviewedAccount]
) -> Iterator[lifecycle.Found]:
    """Verdicts on revocations that the update writes, if no account's own verdict reports their effect."""
    losing = [
        one
        for one in subjects
        if one.planned
        and any(
            [*access_verdicts.lost(before.grants, one.planned.grants)]
            for before in (one.recorded, one.live)
            if before
        )
    ]
    for one in revocations:
        if one.planned and one.written:
            found = Revocation.of(one.planned)
            if not any(_concerns(found, subject) for subject in losing):
                words = "access of {} to the key {} REMOVED at once, whether or not it is still declared"
                yield one.urn, Verdict(Name.ACCESS_REVOKED, words, (found.principal, found.key))


def _owned(subjects: Iterable[ReviewedAccount]) -> frozenset[tuple[str, str]]:
    """Principal and vault of each account, whose access its own verdicts are about."""
    found = set()
    for subject in subjects:
        moments = subject.moments
        principals = [grant.principal for one in moments for grant in one.grants]
        principals += [one.identity.principal for one in moments if one.identity]
        keys = [one.key for one in moments if isinstance(one.key, AccountProtection)]
        vaults = {one.vault_name for one in keys if isinstance(one.vault_name, str)}
        found |= {(known, vault) for one in principals if (known := folded(one)) for vault in (*vaults, "")}
    return frozenset(found)


def _subject(
    resource: ReviewedResource, snapshots: Snapshots, by_urn: dict[str, ReviewedResource]
) -> ReviewedAccount:
    """The subject of an account, or of a binding whose account is not in the stack."""
    is_account = resource.kind is Kind.ACCOUNT
    protection_of = protection.of_account if is_account else protection.of_binding
    found = {
        moment: protection_of(snapshot, state) if (state := snapshot.state(resource.urn)) else None
        for moment, snapshot in snapshots.items()
    }
    bindings = dict.fromkeys(one.binding for one in found.values() if one and one.binding)
    # What the data is under now; after the update where it is under none now.
    keys = (one.key for moment in (Moment.LIVE, Moment.RECORDED, Moment.PLANNED) if (one := found[moment]))
    used = next((one for one in keys if isinstance(one, AccountProtection)), None)
    key, vault = (by_urn[one.urn] if one else None for one in (used and used.key, used and used.vault))
    live = found[Moment.LIVE]
    id = resource.state.id or None if is_account else resource.state.text("accountId")
    named = arm_ids.name_of(id) if isinstance(id, str) else id
    return ReviewedAccount(
        name=resource.state.azure_name if is_account else named,
        id=id,
        account=resource if is_account else None,
        bindings=tuple(by_urn[urn] for urn in bindings),
        identities=tuple(by_urn[urn] for urn in sorted(live.used_by)) if live else (),
        recorded=found[Moment.RECORDED],
        live=live,
        planned=found[Moment.PLANNED],
        key=key,
        vault=vault,
    )


def known_as(name: Value, id: Value) -> frozenset[str]:
    """What an approval may call a subject: its ARM id or its name."""
    return frozenset(known for one in (name, id) if (known := folded(one)))
