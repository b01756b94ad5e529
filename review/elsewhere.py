"""What an update does to data of which the preview shows no account: another stack's, or another provider's.

Owns: finding it. A stack with vaults and grants alone, and one that holds the resource group, decide over
the accounts of other stacks as much as those do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from review.access import Grant
from review.kinds import Kind
from review.resource import Resource
from review.values import folded
from review.verdict import Name, Verdict
from review.world import Moment, World

Found = tuple[str, Verdict]
_GOING = {True: "REPLACED", False: "DELETED"}


def with_their_groups(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """The resources, where nothing is kept (retainOnDelete) that goes with its resource group."""
    groups = {
        f"{one.live.id.rstrip('/').lower()}/"
        for one in resources
        if one.kind is Kind.RESOURCE_GROUP and one.live and one.live.id and _goes(one)
    }
    return tuple(_unkept(one, groups) for one in resources)


def _unkept(one: Resource, groups: Iterable[str]) -> Resource:
    if one.released and one.live and any(one.live.id.lower().startswith(group) for group in groups):
        return replace(one, live=replace(one.live, retained=False))
    return one


def verdicts(
    resources: Iterable[Resource], worlds: Mapping[Moment, World], owned: frozenset[str]
) -> list[Found]:
    """Verdicts by the URN of what they are about. `owned` are the principals of accounts that are shown."""
    found = [*_access(resources, worlds, owned)]
    for one in resources:
        if one.kind is Kind.RESOURCE_GROUP and _goes(one):
            words = (
                f"resource group {_GOING[one.replaced]}: all in it goes, also what this preview does not show"
            )
            found.append((one.urn, Verdict(Name.NOT_TOLD, words)))
        elif one.kind is Kind.FOREIGN and _goes(one):
            words = f"{_GOING[one.replaced]}, and this review does not read what {{}} does to data"
            found.append(
                (one.urn, Verdict(Name.NOT_TOLD, words, (one.urn.split("::")[2].rsplit("$", 1)[-1],)))
            )
    return found


def _goes(one: Resource) -> bool:
    return one.deleted or (one.replaced and one.live is not None)


def _access(
    resources: Iterable[Resource], worlds: Mapping[Moment, World], owned: frozenset[str]
) -> Iterator[Found]:
    """Grants that let an identity of no account shown here use a key, and that are taken away: by this
    update, or outside Pulumi and not given again."""
    planned = worlds[Moment.PLANNED]
    kept = {one.urn for one in resources if one.released}
    gone = {one.urn for one in resources if one.kind is Kind.VAULT and (_goes(one) or one.planned is None)}
    after: dict[str, list[Grant]] = {}
    for grant in planned.grants():
        after.setdefault(folded(grant.principal) or "", []).append(grant)
    told: set[tuple[str, str]] = set()
    before = [
        (world, one) for world in (worlds[Moment.LIVE], worlds[Moment.RECORDED]) for one in world.grants()
    ]
    for world, grant in before:
        principal, (vault, key) = folded(grant.principal), grant.place
        entry = world.vault_named(vault)
        if principal is None or principal in owned or grant.urn in kept or (entry and entry[0].urn in gone):
            continue
        if not grant.under(world.uses_roles(vault)).enough or (principal, grant.scope) in told:
            continue
        id, roles = (entry[1].id if entry else ""), planned.uses_roles(vault)
        left = [one.under(roles).enough for one in after.get(principal, ()) if one.covers(vault, key, id)]
        left += [None for one in after.get("", ()) if one.urn == grant.urn]
        if True in left:
            continue
        told.add((principal, grant.scope))
        yield grant.urn, _taken(grant, principal, sure=None not in left and not grant.more)


def _taken(grant: Grant, principal: str, *, sure: bool) -> Verdict:
    # Who may do more than a service needs is likely no service.
    words = "access to the key REMOVED ({}) from {}, of which this preview shows no account"
    return Verdict(Name.ACCESS_REVOKED if sure else Name.NOT_TOLD, words, (grant.words, principal))
