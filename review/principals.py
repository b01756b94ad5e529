"""Who gains rights on a key, its vault or above, and what they can then do.

Sources: learn.microsoft.com/azure/key-vault/general/rbac-guide and security-features (whoever may write a
vault with access policies can give themselves any permission).
"""

from collections.abc import Container, Iterator, Mapping

from core import rights
from core.values import Mark, Value, folded
from review.access import ReviewedGrant
from review.snapshot import Moment, Snapshot
from review.verdict import Name, Verdict

Ability = tuple[str, str]
"""The ability in words, and why it is uncertain, "" if it is certain."""


def added(
    snapshots: Mapping[Moment, Snapshot],
    owned: Container[tuple[str, str]],
    used: Container[ReviewedGrant],
    told: Container[str],
) -> Iterator[tuple[Value, Verdict]]:
    """Who gains rights on a key of a vault shown here: the principal and the verdict.

    `owned` are principal and vault of each account in the preview, `used` the grants that accounts use,
    `told` the URNs of grants for which another verdict already reports the restored access.
    """
    live, planned, recorded = (snapshots[moment] for moment in (Moment.LIVE, Moment.PLANNED, Moment.RECORDED))
    before, once = _held(live), _held(recorded)
    seen: set[tuple[str, str, str]] = set()
    for grant, vault in _placed(planned):
        principal = folded(grant.principal) or grant.urn
        if grant in used or (principal, vault) in owned or (grant.urn, principal, vault) in seen:
            continue
        had = before.get((principal, vault), set())
        gained = [one for one in _abilities(planned, grant, vault) if not {one, (one[0], "")} & had]
        if not gained:
            continue
        seen.add((grant.urn, principal, vault))
        # Of a vault that this update makes, no data is under any key yet.
        is_new = planned.vault_named(vault) is not None and live.vault_named(vault) is None
        again = set(gained) <= once.get((principal, vault), set())
        if again and grant.urn in told:
            continue
        name = Name.ACCESS_RESTORED if again else Name.PRINCIPAL_ADDED
        name = Name.ACCESS_GRANTED if is_new else name
        can_do = ", ".join(words for words, _ in gained)
        words = f"{{}} can {'again' if again else 'now'} {can_do} ({{}})"
        yield grant.principal, Verdict(name, words, (grant.principal, grant.words))


def _held(snapshot: Snapshot) -> Mapping[tuple[str, str], set[Ability]]:
    """What each principal can do with each vault; also by the grant's own resource, whose principal may
    change to one that is not known yet, unless the resource is a vault with a list of many."""
    found: dict[tuple[str, str], set[Ability]] = {}
    for grant, vault in _placed(snapshot):
        can = _abilities(snapshot, grant, vault)
        by = folded(grant.principal) or grant.urn
        for holder in {by} if grant.is_listed else {by, grant.urn}:
            found.setdefault((holder, vault), set()).update(can)
    return found


def _placed(snapshot: Snapshot) -> Iterator[tuple[ReviewedGrant, str]]:
    """Each grant with each vault that it counts for."""
    vaults = list(snapshot.vault_names())
    for grant in snapshot.grants():
        named = grant.place[0]
        places = [named] if named else [name for name, id in vaults if grant.covers(name, None, id)]
        for place in places if grant.scope else []:
            uses_roles = snapshot.uses_roles(place)
            yield grant.under(None if isinstance(uses_roles, Mark) else uses_roles), place


def _abilities(snapshot: Snapshot, grant: ReviewedGrant, vault: str) -> list[Ability]:
    found = [words for names, words in rights.ON_KEYS if names & grant.permissions]
    if grant.role and not grant.place[1]:
        by_policies = snapshot.uses_roles(vault) is not True
        for action, words in rights.OVER_VAULT.items():
            if grant.role.allows(action):
                also = action == rights.VAULT_WRITE and by_policies
                found.append(f"{words} and give anybody access" if also else words)
    elif grant.role and grant.role.allows(rights.ROLE_WRITE):
        found.append(rights.OVER_VAULT[rights.ROLE_WRITE])
    abilities = [(words, grant.uncertain) for words in found]
    if (
        grant.uncertain
        and not grant.ignored
        and (found or not grant.role or isinstance(grant.principal, Mark))
    ):
        abilities.append(("do what the preview does not show", f"{grant.what}, {grant.uncertain}"))
    return abilities
