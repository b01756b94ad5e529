"""What an update does to data whose account the preview does not show.

A stack that only has vaults and grants, or the resource group, decides over accounts of other stacks as well.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from core.grants import Doubt, Grant, level
from core.rights import Access
from review import access_verdicts
from review.access import excess, words
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
    before, after = live.by_principal, planned.by_principal
    seen: set[tuple[str, str]] = set()
    for snapshot in (live, snapshots[Moment.RECORDED]):
        for principal, grants in snapshot.by_principal.items():
            for grant in grants:
                urn, vault = grant.resource.urn, grant.vault
                place = grant.vault_name if isinstance(grant.vault_name, str) else ""
                if not principal or (principal, place) in owned or (principal, grant.scope) in seen:
                    continue
                if urn in kept or (vault and vault.urn in gone):
                    continue
                had = snapshot.on(grant, grants)
                if level(had) is not Access.FULL:
                    continue
                seen.add((principal, grant.scope))
                now = live.on(grant, before.get(principal, ()))
                perhaps = (*_perhaps(after, grant), *planned.perhaps(principal))
                has = planned.on(grant, (*after.get(principal, ()), *perhaps))
                for verdict in access_verdicts.lost(had, has):
                    yield urn, _elsewhere(verdict, grant, principal)
                was_there = vault is None or place in live.vaults
                if was_there and all(any(access_verdicts.lost(one, now)) for one in (had, has)):
                    yield urn, Verdict(Name.ACCESS_RESTORED, _RESTORED, (words(grant), principal))


def _perhaps(after: Mapping[str, list[Grant]], grant: Grant) -> Iterator[Grant]:
    """The same resource's grant to a principal that is known after the update, and may be the one it was."""
    for one in after.get("", ()):
        if one.resource.urn == grant.resource.urn and not one.is_listed:
            yield replace(one, more_doubt=Doubt.HOLDER)


def _elsewhere(verdict: Verdict, grant: Grant, principal: str) -> Verdict:
    name = verdict.name
    # Who may do more than a service needs is likely no service.
    if name is Name.ACCESS_REVOKED and excess(grant):
        name = Name.UNDETERMINED
    done = {Name.ACCESS_REVOKED: "REMOVED", Name.ACCESS_NARROWED: "NARROWED"}.get(verdict.name, "changes")
    said = f"access to the key {done} ({{}}) from {{}}, of which this preview shows no account"
    return Verdict(name, said, (words(grant), principal))
