"""Who gains rights on a key, its vault or above, and what they can then do.

Sources: learn.microsoft.com/azure/key-vault/general/rbac-guide and security-features (whoever may write a
vault with access policies can give themselves any permission).
"""

from collections.abc import Container, Iterator, Mapping

from core import rights
from core.grants import Grant, KeyLocation
from core.values import Mark, Value, folded
from review import access
from review.snapshot import Moment, Snapshot
from review.verdict import Name, Verdict

Ability = tuple[str, str]
"""The ability in words, and why it is uncertain, "" if it is certain."""


def added(
    snapshots: Mapping[Moment, Snapshot],
    owned: Container[tuple[str, str]],
    used: Container[access.Used],
    told: Container[str],
) -> Iterator[tuple[Value, Verdict]]:
    """Who gains rights on a key of a vault shown here: the principal and the verdict.

    `owned` are principal and vault of each account in the preview, `used` the grants that
    accounts use, `told` the URNs of those for which another verdict already reports the restored access.
    """
    live, planned, recorded = (snapshots[moment] for moment in (Moment.LIVE, Moment.PLANNED, Moment.RECORDED))
    before, once = _held(live), _held(recorded)
    seen: set[tuple[str, str, str]] = set()
    for grant, vault in _placed(planned):
        urn = grant.resource.urn
        principal = folded(grant.principal) or urn
        if access.used(grant) in used or (principal, vault) in owned or (urn, principal, vault) in seen:
            continue
        had = before.get((principal, vault), set())
        gained = [one for one in _abilities(planned, grant, vault) if not {one, (one[0], "")} & had]
        if not gained:
            continue
        seen.add((urn, principal, vault))
        # Of a vault that this update makes, no data is under any key yet.
        is_new = vault in planned.vaults and vault not in live.vaults
        again = set(gained) <= once.get((principal, vault), set())
        if again and urn in told:
            continue
        name = Name.ACCESS_RESTORED if again else Name.PRINCIPAL_ADDED
        name = Name.ACCESS_GRANTED if is_new else name
        can_do = ", ".join(words for words, _ in gained)
        words = f"{{}} can {'again' if again else 'now'} {can_do} ({{}})"
        yield grant.principal, Verdict(name, words, (grant.principal, access.words(grant)))


def _held(snapshot: Snapshot) -> Mapping[tuple[str, str], set[Ability]]:
    """What each principal can do with each vault; also by the grant's own resource, whose principal may
    change to one that is not known yet, unless the resource is a vault with a list of many."""
    found: dict[tuple[str, str], set[Ability]] = {}
    for grant, vault in _placed(snapshot):
        can = _abilities(snapshot, grant, vault)
        urn = grant.resource.urn
        by = folded(grant.principal) or urn
        for holder in {by} if grant.is_listed else {by, urn}:
            found.setdefault((holder, vault), set()).update(can)
    return found


def _placed(snapshot: Snapshot) -> Iterator[tuple[Grant, str]]:
    """Each grant with each vault that it counts for."""
    places = {name: KeyLocation(vault=one, vault_name=name) for name, one in snapshot.vaults.items()}
    for grant in snapshot.grants:
        named = grant.vault_name
        covered = (name for name, place in places.items() if snapshot.covers(grant, place))
        for place in [named] if isinstance(named, str) else [*covered] if grant.scope else []:
            uses_roles = snapshot.uses_roles(place)
            yield grant.under(None if isinstance(uses_roles, Mark) else uses_roles), place


def _abilities(snapshot: Snapshot, grant: Grant, vault: str) -> list[Ability]:
    found = [words for names, words in rights.ON_KEYS if names & grant.permissions]
    if grant.role and not grant.key_name:
        by_policies = snapshot.uses_roles(vault) is not True
        for action, words in rights.OVER_VAULT.items():
            if grant.role.allows(action):
                also = action == rights.VAULT_WRITE and by_policies
                found.append(f"{words} and give anybody access" if also else words)
    elif grant.role and grant.role.allows(rights.ROLE_WRITE):
        found.append(rights.OVER_VAULT[rights.ROLE_WRITE])
    doubt = access.doubt(grant)
    abilities = [(words, doubt) for words in found]
    if doubt and (found or not grant.role or isinstance(grant.principal, Mark)):
        abilities.append(("do what the preview does not show", f"{access.what(grant)}, {doubt}"))
    return abilities
