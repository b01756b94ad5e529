"""What an update does to data whose account the preview does not show.

A stack that only has vaults and grants, or the resource group, decides over accounts of other stacks as well.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from core.rights import Access
from review import access_verdicts
from review.access import LATER, ReviewedGrant, level
from review.lifecycle import Found
from review.resource import VAULTS, ReviewedResource
from review.settings import GIVEN_BACK
from review.snapshot import Moment, Snapshot
from review.verdict import Name, Verdict

_RESTORED = f"access to the key ({{}}) was taken from {{}} outside Pulumi, {GIVEN_BACK}"


def verdicts(
    resources: Iterable[ReviewedResource],
    snapshots: Mapping[Moment, Snapshot],
    owned: Container[tuple[str, str]],
) -> Iterator[Found]:
    """Grants that let an identity of no account shown here use a key, and that are taken away: by this
    update, or outside Pulumi and not given again. `owned` are principals and vaults of accounts that are
    shown."""
    live, planned = snapshots[Moment.LIVE], snapshots[Moment.PLANNED]
    kept = {one.urn for one in resources if one.released}
    gone = {one.urn for one in resources if one.kind in VAULTS and (one.goes or one.planned is None)}
    before, after = live.by_principal(), planned.by_principal()
    seen: set[tuple[str, str]] = set()
    for snapshot in (live, snapshots[Moment.RECORDED]):
        for principal, grants in snapshot.by_principal().items():
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
                perhaps = (*_perhaps(after, grant), *planned.perhaps(principal))
                has = _on_key(planned, (*after.get(principal, ()), *perhaps), grant)
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


def _perhaps(after: Mapping[str, list[ReviewedGrant]], grant: ReviewedGrant) -> Iterator[ReviewedGrant]:
    """The same resource's grant to a principal that is known after the update, and may be the one it was."""
    for one in after.get("", ()):
        if one.urn == grant.urn and not one.is_listed:
            yield replace(one, uncertain=one.uncertain or LATER)


def _elsewhere(verdict: Verdict, grant: ReviewedGrant, principal: str) -> Verdict:
    name = verdict.name
    # Who may do more than a service needs is likely no service.
    if name is Name.ACCESS_REVOKED and grant.excess:
        name = Name.UNDETERMINED
    done = {Name.ACCESS_REVOKED: "REMOVED", Name.ACCESS_NARROWED: "NARROWED"}.get(verdict.name, "changes")
    words = f"access to the key {done} ({{}}) from {{}}, of which this preview shows no account"
    return Verdict(name, words, (grant.words, principal))
