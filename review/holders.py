"""Who else may use a key, besides the accounts that the preview shows: identities that gain rights on it, and
accounts of other stacks that lose theirs.

A stack that only has vaults and grants decides over accounts of other stacks as well. Sources:
learn.microsoft.com/azure/key-vault/general/rbac-guide and security-features (whoever may write a vault with
access policies can give themselves any permission).
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from core import rights
from core.grants import Grant, KeyLocation, level
from core.rights import Access
from core.values import Mark, Value, folded
from review import access
from review.moment import Moment, When
from review.resource import VAULTS, ReviewedResource
from review.verdict import GIVEN_BACK, Name, Verdict

Moments = Mapping[When, Moment]
Ability = tuple[str, str]
"""The ability in words, and why it is uncertain, "" if it is certain."""
_RESTORED: Final = f"access to the key ({{}}) was taken from {{}} outside Pulumi, {GIVEN_BACK}"
_DONE: Final = {Name.ACCESS_REVOKED: "REMOVED", Name.ACCESS_NARROWED: "NARROWED"}


def losing(
    resources: Iterable[ReviewedResource], moments: Moments, owned: Container[tuple[str, str]]
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on grants that are taken away and let an identity use a key whose account is not shown
    here, by the URN of the grant. This update takes them away, or somebody did so outside Pulumi and the
    update does not give them again. `owned` are principals and vaults of the accounts that are shown. A
    deleted vault has a verdict of its own, so its grants have none."""
    live, planned = moments[When.LIVE], moments[When.PLANNED]
    gone = {one.urn for one in resources if one.kind in VAULTS and (one.goes or one.planned is None)}
    seen: set[tuple[str, str]] = set()
    for moment in (live, moments[When.RECORDED]):
        for principal, grants in moment.by_principal.items():
            for grant in grants:
                place = grant.vault_name if isinstance(grant.vault_name, str) else ""
                is_shown = not principal or (principal, place) in owned or (principal, grant.scope) in seen
                if is_shown or (grant.vault and grant.vault.urn in gone):
                    continue
                had = moment.on(grant, grants)
                if level(had) is not Access.FULL:
                    continue
                seen.add((principal, grant.scope))
                now, has = (one.on(grant, one.by_principal.get(principal, ())) for one in (live, planned))
                yield from ((grant.resource.urn, _taken(one, grant)) for one in access.lost(had, has))
                was_there = grant.vault is None or place in live.stack.vaults
                if was_there and all(any(access.lost(one, now)) for one in (had, has)):
                    said = (access.words(grant), principal)
                    yield grant.resource.urn, Verdict(Name.ACCESS_RESTORED, _RESTORED, said)


def _taken(verdict: Verdict, grant: Grant) -> Verdict:
    # Who may do more than a service needs is likely no service.
    is_wider = verdict.name is Name.ACCESS_REVOKED and access.excess(grant)
    done = _DONE.get(verdict.name, "changes")
    said = f"access to the key {done} ({{}}) from {{}}, whose account this preview does not show"
    name = Name.UNDETERMINED if is_wider else verdict.name
    return Verdict(name, said, (access.words(grant), folded(grant.principal)))


def gaining(
    moments: Moments,
    owned: Container[tuple[str, str]],
    used: Container[tuple[str, Value, str]],
    told: Container[str],
) -> Iterator[tuple[Value, Verdict]]:
    """The principals that gain rights on a key of a vault shown here, each with its verdict.

    `owned` has the principal and the vault of each account in the preview. `used` has the grants that
    accounts use, by resource, by holder, and in words. `told` has the URNs of grants for which another
    verdict reports the restored access already.
    """
    live, planned = moments[When.LIVE], moments[When.PLANNED]
    before, once = _held(live), _held(moments[When.RECORDED])
    seen: set[tuple[str, str, str]] = set()
    for grant, vault in _placed(planned):
        urn = grant.resource.urn
        principal = folded(grant.principal) or urn
        if (
            (urn, grant.principal, access.words(grant)) in used
            or (principal, vault) in owned
            or (urn, principal, vault) in seen
        ):
            continue
        had = before.get((principal, vault), set())
        gained = [one for one in _abilities(planned, grant, vault) if not {one, (one[0], "")} & had]
        again = set(gained) <= once.get((principal, vault), set())
        if not gained or (again and urn in told):
            continue
        seen.add((urn, principal, vault))
        name = Name.ACCESS_RESTORED if again else Name.PRINCIPAL_ADDED
        # Of a vault that this update makes, no data is under any key yet.
        is_new = vault in planned.stack.vaults and vault not in live.stack.vaults
        name = Name.ACCESS_GRANTED if is_new else name
        words = f"{{}} can {'again' if again else 'now'} {', '.join(can for can, _ in gained)} ({{}})"
        yield grant.principal, Verdict(name, words, (grant.principal, access.words(grant)))


def _held(moment: Moment) -> Mapping[tuple[str, str], set[Ability]]:
    """The abilities of each principal at each vault. They are also kept by the grant's own resource, because
    its principal may change to one that is not known yet; a vault that lists many grants is no such
    resource."""
    found: dict[tuple[str, str], set[Ability]] = {}
    for grant, vault in _placed(moment):
        can = _abilities(moment, grant, vault)
        urn = grant.resource.urn
        by = folded(grant.principal) or urn
        for holder in {by} if grant.is_listed else {by, urn}:
            found.setdefault((holder, vault), set()).update(can)
    return found


def _placed(moment: Moment) -> Iterator[tuple[Grant, str]]:
    """Each grant with each vault that it counts for."""
    places = {name: KeyLocation(vault=one, vault_name=name) for name, one in moment.stack.vaults.items()}
    for grant in moment.grants:
        named = grant.vault_name
        covered = (name for name, place in places.items() if moment.covers(grant, place))
        for place in [named] if isinstance(named, str) else [*covered] if grant.scope else []:
            uses_roles = moment.uses_roles(place)
            yield grant.under(None if isinstance(uses_roles, Mark) else uses_roles), place


def _abilities(moment: Moment, grant: Grant, vault: str) -> list[Ability]:
    found = [words for names, words in rights.ON_KEYS if names & grant.permissions]
    if grant.role and not grant.key_name:
        by_policies = moment.uses_roles(vault) is not True
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
