"""The subjects of verdicts: accounts at three moments, and vaults and keys that no account uses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from core import arm_ids
from core.resource_types import Kind
from core.values import Mark, Value, folded
from review import access_verdicts, foundry, other_stacks, principals, protection
from review.access import ReviewedGrant, Revocation
from review.keys import ReviewedKey
from review.preview import Preview
from review.protection import Protection
from review.resource import VAULTS, ReviewedResource
from review.snapshot import Moment, Snapshot
from review.verdict import Name, Verdict


@dataclass(frozen=True)
class ReviewedAccount:
    """One account over the preview. `id` is its ARM id, `account` None outside the stack.

    `maybe_bound`: the preview has a binding and does not show whose it is, as in the streaming form.
    `asked_back`: the program no longer declares the revocation of the account's access.
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


@dataclass(frozen=True)
class Unattached:
    """A vault or a key that no account of the preview is bound to, or whatever else has `verdicts`."""

    resource: ReviewedResource
    name: Value
    id: Value
    live: protection.VaultProtection | None = None
    planned: protection.VaultProtection | None = None
    verdicts: tuple[Verdict, ...] = ()
    noun: str = ""
    recorded: protection.VaultProtection | None = None


def subjects_of(preview: Preview) -> tuple[tuple[ReviewedAccount, ...], tuple[Unattached, ...]]:
    """The accounts of a preview, and the vaults and keys that belong to none of them."""
    resources = other_stacks.with_their_groups(preview.resources)
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
    subjects = [replace(one, asked_back=any(_concerns(each, one) for each in ended)) for one in subjects]
    used = {one.urn for subject in subjects for one in (subject.key, subject.vault) if one}
    owned = _owned(subjects)
    found = [*other_stacks.verdicts(resources, snapshots, owned), *foundry.verdicts(resources)]
    found += _revoked(revocations, subjects)
    others = [
        Unattached(one := by_urn[urn], one.name, one.state.id or None, verdicts=(verdict,))
        for urn, verdict in found
    ]
    told = {urn for urn, verdict in found if verdict.name is Name.ACCESS_RESTORED}
    others += [
        Unattached(by_urn[urn], principal, None, verdicts=(verdict,), noun="principal")
        for urn, principal, verdict in principals.added(snapshots, owned, frozenset(_granted(subjects)), told)
    ]
    return tuple(subjects), (*_unattached(resources, snapshots, used), *others)


def _concerns(revocation: Revocation, subject: ReviewedAccount) -> bool:
    """Whether a revocation is about the account's key and an identity with which the account uses it."""
    moments = [one for one in (subject.recorded, subject.live, subject.planned) if one]
    keys = {
        (folded(one.key.vault), folded(one.key.name)) for one in moments if isinstance(one.key, ReviewedKey)
    }
    principals = {folded(grant.principal) for one in moments for grant in one.grants}
    return revocation.place in keys and folded(revocation.principal) in principals


def _revoked(
    revocations: Iterable[ReviewedResource], subjects: Iterable[ReviewedAccount]
) -> Iterator[other_stacks.Found]:
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
        moments = [one for one in (subject.recorded, subject.live, subject.planned) if one]
        principals = [grant.principal for one in moments for grant in one.grants]
        principals += [one.identity.principal for one in moments if one.identity]
        vaults = {folded(one.key.vault) or "" for one in moments if isinstance(one.key, ReviewedKey)}
        found |= {(known, vault) for one in principals if (known := folded(one)) for vault in (*vaults, "")}
    return frozenset(found)


def _granted(subjects: Iterable[ReviewedAccount]) -> Iterator[ReviewedGrant]:
    """The grants that accounts use."""
    for subject in subjects:
        for one in (subject.live, subject.planned):
            if one:
                yield from one.grants


def _subject(
    resource: ReviewedResource, snapshots: dict[Moment, Snapshot], by_urn: dict[str, ReviewedResource]
) -> ReviewedAccount:
    """The subject of an account, or of a binding whose account is not in the stack."""
    is_account = resource.kind is Kind.ACCOUNT
    protection_of = protection.of_account if is_account else protection.of_binding
    found = {
        moment: protection_of(snapshot, state) if (state := snapshot.state(resource.urn)) else None
        for moment, snapshot in snapshots.items()
    }
    bindings = dict.fromkeys(one.binding for one in found.values() if one and one.binding)
    key, vault = _key_and_vault(found, snapshots, by_urn)
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


def _key_and_vault(
    found: dict[Moment, Protection | None],
    snapshots: dict[Moment, Snapshot],
    by_urn: dict[str, ReviewedResource],
) -> tuple[ReviewedResource | None, ReviewedResource | None]:
    """The key and vault that the data is under now; after the update where it is under none now."""
    for moment in (Moment.LIVE, Moment.RECORDED, Moment.PLANNED):
        one, snapshot = found[moment], snapshots[moment]
        key = one.key if one else None
        if isinstance(key, ReviewedKey):
            made = snapshot.key_in(key.vault, key.name)
            vault = snapshot.vault_named(key.vault)
            return (by_urn[made.urn] if made else None), (by_urn[vault.urn] if vault else None)
    return None, None


def _unattached(
    resources: Iterable[ReviewedResource], snapshots: dict[Moment, Snapshot], used: set[str]
) -> Iterator[Unattached]:
    for resource in resources:
        if resource.kind not in {*VAULTS, Kind.KEY} or resource.urn in used:
            continue
        live, planned, recorded = (
            protection.vault_facts(snapshots[moment], at)
            if resource.kind in VAULTS and (at := snapshots[moment].state(resource.urn))
            else None
            for moment in (Moment.LIVE, Moment.PLANNED, Moment.RECORDED)
        )
        name = resource.state.azure_name
        yield Unattached(resource, name, resource.state.id or None, live, planned, recorded=recorded)


def known_as(name: Value, id: Value) -> frozenset[str]:
    """What an approval may call a subject: its ARM id or its name."""
    return frozenset(known for one in (name, id) if (known := folded(one)))
