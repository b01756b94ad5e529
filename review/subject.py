"""What a verdict is about: an account at its three moments, or a vault or key that no account uses.

Owns: finding every subject of a preview, each exactly once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from core import arm_ids
from review import other_stacks, principals, protection
from review.access import ReviewedGrant
from review.keys import ReviewedKey
from review.kinds import Kind
from review.preview import Preview
from review.protection import Protection
from review.resource import ReviewedResource, arm_name
from review.snapshot import Moment, Snapshot
from review.values import Mark, Value, folded, text
from review.verdict import Verdict


@dataclass(frozen=True)
class ReviewedAccount:
    """One account over the preview. `id` is its ARM id, `account` None outside the stack.

    `maybe_bound`: the preview has a binding and does not show whose it is, as in the streaming form.
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
    subjects = list(_accounts(resources, snapshots, by_urn))
    taken = {binding.urn for subject in subjects for binding in subject.bindings}
    adrift = [one for one in resources if one.kind is Kind.BINDING and one.urn not in taken]
    if any(one.planned and text(one.planned.declared("accountId")) is Mark.UNKNOWN for one in adrift):
        subjects = [replace(one, maybe_bound=True) for one in subjects]
    subjects += [_external(resource, snapshots, by_urn) for resource in adrift]
    used = {one.urn for subject in subjects for one in (subject.key, subject.vault) if one}
    owned = _owned(subjects)
    found = other_stacks.verdicts(resources, snapshots, owned)
    others = [_other(by_urn[urn], verdict) for urn, verdict in found]
    others += [
        Unattached(by_urn[one.urn], one.principal, None, verdicts=(one.verdict,), noun="principal")
        for one in principals.added(snapshots, owned, frozenset(_granted(subjects)))
    ]
    return tuple(subjects), (*_unattached(resources, snapshots, used), *others)


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


def _other(resource: ReviewedResource, verdict: Verdict) -> Unattached:
    state = resource.live or resource.planned
    return Unattached(resource, resource.name, (state.id or None) if state else None, verdicts=(verdict,))


def _accounts(
    resources: Iterable[ReviewedResource],
    snapshots: dict[Moment, Snapshot],
    by_urn: dict[str, ReviewedResource],
) -> Iterator[ReviewedAccount]:
    for account in resources:
        if account.kind is not Kind.ACCOUNT:
            continue
        found: dict[Moment, Protection | None] = {}
        for moment, snapshot in snapshots.items():
            state = snapshot.state(account.urn)
            found[moment] = protection.of_account(snapshot, account, state) if state else None
        state = account.live or account.planned or account.recorded
        yield _subject(
            account,
            found,
            snapshots,
            by_urn,
            name=arm_name(state, "accountName") if state else None,
            id=(state.id or None) if state else None,
        )


def _external(
    binding: ReviewedResource, snapshots: dict[Moment, Snapshot], by_urn: dict[str, ReviewedResource]
) -> ReviewedAccount:
    found: dict[Moment, Protection | None] = {}
    for moment, snapshot in snapshots.items():
        state = snapshot.state(binding.urn)
        found[moment] = protection.of_binding(snapshot, binding, state) if state else None
    any_state = binding.live or binding.planned or binding.recorded
    id = text(any_state.declared("accountId")) if any_state else None
    name = arm_ids.name_of(id) if isinstance(id, str) else id
    return _subject(None, found, snapshots, by_urn, name=name, id=id)


def _subject(
    account: ReviewedResource | None,
    found: dict[Moment, Protection | None],
    snapshots: dict[Moment, Snapshot],
    by_urn: dict[str, ReviewedResource],
    *,
    name: Value,
    id: Value,
) -> ReviewedAccount:
    bindings = dict.fromkeys(one.binding for one in found.values() if one and one.binding)
    key, vault = _key_and_vault(found, snapshots)
    live = found[Moment.LIVE]
    return ReviewedAccount(
        name=name,
        id=id,
        account=account,
        bindings=tuple(by_urn[urn] for urn in bindings),
        identities=tuple(by_urn[urn] for urn in sorted(live.used_by)) if live else (),
        recorded=found[Moment.RECORDED],
        live=live,
        planned=found[Moment.PLANNED],
        key=key,
        vault=vault,
    )


def _key_and_vault(
    found: dict[Moment, Protection | None], snapshots: dict[Moment, Snapshot]
) -> tuple[ReviewedResource | None, ReviewedResource | None]:
    """The key and vault that the data is under now; after the update where it is under none now."""
    for moment in (Moment.LIVE, Moment.RECORDED, Moment.PLANNED):
        one, snapshot = found[moment], snapshots[moment]
        key = one.key if one else None
        if isinstance(key, ReviewedKey):
            made = snapshot.key_in(key.vault, key.name)
            vault = snapshot.vault_named(key.vault)
            return (made[0] if made else None), (vault[0] if vault else None)
    return None, None


def _unattached(
    resources: Iterable[ReviewedResource], snapshots: dict[Moment, Snapshot], used: set[str]
) -> Iterator[Unattached]:
    for resource in resources:
        if resource.kind not in {Kind.VAULT, Kind.KEY} or resource.urn in used:
            continue
        state = resource.live or resource.planned or resource.recorded
        is_vault = resource.kind is Kind.VAULT
        live, planned, recorded = (
            protection.vault_facts(snapshots[moment], resource, at)
            if is_vault and (at := snapshots[moment].state(resource.urn))
            else None
            for moment in (Moment.LIVE, Moment.PLANNED, Moment.RECORDED)
        )
        name = arm_name(state, "vaultName" if is_vault else "keyName") if state else None
        id: Value = (state.id or None) if state else None
        yield Unattached(resource, name, id, live, planned, recorded=recorded)


def known_as(name: Value, id: Value) -> frozenset[str]:
    """What an approval may call a subject: its ARM id or its name."""
    return frozenset(known for one in (name, id) if (known := folded(one)))
