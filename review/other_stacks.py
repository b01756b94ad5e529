"""What an update does to data whose account the preview does not show.

A stack that only has vaults and grants, or the resource group, decides over accounts of other stacks as well.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from core.resource_types import Kind
from core.rights import Access
from core.values import folded
from review import access_verdicts
from review.access import ReviewedGrant, level
from review.resource import VAULTS, ReviewedResource, may_hold, token_of
from review.snapshot import Moment, Snapshot
from review.verdict import Name, Verdict

Found = tuple[str, Verdict]
_RESTORED = (
    "access to the key ({}) was taken from {} outside Pulumi, perhaps on purpose: this update GIVES IT BACK"
)
_UNREAD = {Kind.OTHER_PROVIDER, Kind.UNREAD}
_GOING = {True: "REPLACED", False: "DELETED"}


def with_their_groups(resources: Sequence[ReviewedResource]) -> tuple[ReviewedResource, ...]:
    """The resources, where nothing is kept (retainOnDelete) that goes with its resource group."""
    groups = {
        f"{one.live.id.rstrip('/').lower()}/"
        for one in resources
        if one.kind is Kind.RESOURCE_GROUP and one.live and one.live.id and one.goes
    }
    return tuple(_unkept(one, groups) for one in resources)


def _unkept(one: ReviewedResource, groups: Iterable[str]) -> ReviewedResource:
    if one.released and one.live and any(one.live.id.lower().startswith(group) for group in groups):
        return replace(one, live=replace(one.live, retained=False))
    return one


def verdicts(
    resources: Iterable[ReviewedResource],
    snapshots: Mapping[Moment, Snapshot],
    owned: Container[tuple[str, str]],
) -> list[Found]:
    """Verdicts by the URN of what they are about.

    `owned` are principals and vaults of accounts that are shown.
    """
    found = [*_access(resources, snapshots, owned)]
    for one in resources:
        if one.kind is Kind.RESOURCE_GROUP and one.goes:
            words = (
                f"resource group {_GOING[one.replaced]}: all in it goes, also what this preview does not show"
            )
            found.append((one.urn, Verdict(Name.UNDETERMINED, words)))
        elif one.kind in _UNREAD and (one.goes or _writes(one)):
            done = _GOING[one.replaced] if one.goes else "WRITTEN"
            words = f"{done}, and this review does not read what {{}} does to data"
            found.append((one.urn, Verdict(Name.UNDETERMINED, words, (token_of(one.urn),))))
        elif one.kind is Kind.PRIVATE_ENDPOINT and one.goes:
            then = " meanwhile; the new one may have other addresses" if one.replaced else ""
            words = f"private endpoint {_GOING[one.replaced]}: calls through it fail{then}"
            found.append((one.urn, Verdict(Name.CHANGED, words)))
        elif one.kind is Kind.LOCK:
            found += [(one.urn, verdict) for verdict in _lock(one)]
    return found


def _writes(one: ReviewedResource) -> bool:
    holds = one.kind is Kind.UNREAD or (one.planned is not None and may_hold(one.planned.written))
    return one.written and holds


def _lock(one: ReviewedResource) -> Iterator[Verdict]:
    """A management lock that goes, or lets more pass: ReadOnly allows less than CanNotDelete."""
    if one.goes:
        yield Verdict(
            Name.PROTECTION_WEAKENED, f"management lock {_GOING[one.replaced]}: what it held can be deleted"
        )
    elif one.live and one.planned:
        before, after = (state.text("level") for state in (one.live, one.planned))
        if folded(before) != folded(after) and folded(before) != "notspecified":
            words = "management lock weakened: {} -> {}"
            yield Verdict(Name.PROTECTION_WEAKENED, words, (before, after))


def _access(
    resources: Iterable[ReviewedResource],
    snapshots: Mapping[Moment, Snapshot],
    owned: Container[tuple[str, str]],
) -> Iterator[Found]:
    """Grants that let an identity of no account shown here use a key, and that are taken away: by this
    update, or outside Pulumi and not given again."""
    live, planned = snapshots[Moment.LIVE], snapshots[Moment.PLANNED]
    kept = {one.urn for one in resources if one.released}
    gone = {one.urn for one in resources if one.kind in VAULTS and (one.goes or one.planned is None)}
    before, after = _by_principal(live.grants()), _by_principal(planned.grants())
    seen: set[tuple[str, str]] = set()
    for snapshot in (live, snapshots[Moment.RECORDED]):
        for principal, grants in _by_principal(snapshot.grants()).items():
            for grant in grants:
                vault = grant.place[0]
                entry = snapshot.vault_named(vault)
                if not principal or (principal, vault or "") in owned or (principal, grant.scope) in seen:
                    continue
                if grant.urn in kept or (entry and entry.urn in gone):
                    continue
                had = _on_key(snapshot, grants, grant)
                if level(had) is not Access.FULL:
                    continue
                seen.add((principal, grant.scope))
                now = _on_key(live, before.get(principal, ()), grant)
                has = _on_key(planned, (*after.get(principal, ()), *_perhaps(after, grant)), grant)
                for verdict in access_verdicts.lost(had, has):
                    yield grant.urn, _elsewhere(verdict, grant, principal)
                was_there = entry is None or live.vault_named(vault)
                if was_there and all(any(access_verdicts.lost(one, now)) for one in (had, has)):
                    yield grant.urn, Verdict(Name.ACCESS_RESTORED, _RESTORED, (grant.words, principal))


def _on_key(snapshot: Snapshot, grants: Iterable[ReviewedGrant], grant: ReviewedGrant) -> list[ReviewedGrant]:
    """The grants among `grants` that cover the vault and key of `grant`, under the vault's permission
    model."""
    vault, key = grant.place
    entry = snapshot.vault_named(vault)
    id = entry.id if entry else ""
    return [one.under(snapshot.uses_roles(vault)) for one in grants if one.covers(vault, key, id)]


def _by_principal(grants: Iterable[ReviewedGrant]) -> Mapping[str, list[ReviewedGrant]]:
    found: dict[str, list[ReviewedGrant]] = {}
    for grant in grants:
        found.setdefault(folded(grant.principal) or "", []).append(grant)
    return found


def _perhaps(after: Mapping[str, list[ReviewedGrant]], grant: ReviewedGrant) -> Iterator[ReviewedGrant]:
    """The same resource's grant to a principal that is known after the update, and may be the one it was."""
    for one in after.get("", ()):
        if one.urn == grant.urn:
            yield replace(one, uncertain=one.uncertain or "for an identity known after apply")


def _elsewhere(verdict: Verdict, grant: ReviewedGrant, principal: str) -> Verdict:
    name = verdict.name
    # Who may do more than a service needs is likely no service.
    if name is Name.ACCESS_REVOKED and grant.excess:
        name = Name.UNDETERMINED
    done = {Name.ACCESS_REVOKED: "REMOVED", Name.ACCESS_NARROWED: "NARROWED"}.get(verdict.name, "changes")
    words = f"access to the key {done} ({{}}) from {{}}, of which this preview shows no account"
    return Verdict(name, words, (grant.words, principal))
