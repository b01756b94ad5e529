"""Who may use a key: grants as a review tells them, what a change takes from an identity, and who gains
rights besides the accounts that the preview shows.

A stack that only has vaults and grants decides over accounts of other stacks as well. Sources: "revoking
access to the key", in "encryption of data at rest"; learn.microsoft.com/azure/key-vault/general/rbac-guide
and security-features (whoever may write a vault with access policies can give themselves any permission).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from core import arm_ids, rights, values
from core.effects import ACCESS_REMOVED
from core.grants import Doubt, Grant, KeyLocation, certain, level
from core.rights import Access
from core.values import Mark, Value, folded
from review.moment import Moment, Moments
from review.preview import VAULTS, ReviewedResource
from review.verdict import Name, Verdict

Ability = tuple[str, str]
"""The ability in words, and why it is uncertain, "" if it is certain."""
_NARROWED: Final = (
    "access to the key NARROWED, {} is missing ({}): data is still read, until the key is bound again"
)
_UNSURE: Final = "access to the key changes, and the preview does not show whether it is still enough ({})"


def words(grant: Grant) -> str:
    """A grant for a reader, with the place it is for: a vault or a key by its name, else a scope by its
    id."""
    place = grant.scope or "a scope known after apply"
    if isinstance(grant.vault_name, str):
        key = f"key {grant.key_name} of " if isinstance(grant.key_name, str) else ""
        place = f"{key}vault {grant.vault_name}"
    said = f"{what(grant)} on {place}"
    said = f"{said}, {doubt(grant)}" if grant.doubt else said
    return f"{said}, which the vault ignores" if grant.ignored else said


def what(grant: Grant) -> str:
    """The permissions of a grant in words, wherever it counts."""
    if grant.entry is None:
        if grant.role:
            return grant.role.name
        role_id = folded(values.name(grant.resource.stated("roleDefinitionId")))
        return f"role {arm_ids.name_of(role_id)}" if role_id else "a role known after apply"
    keys, application = grant.entry.keys, grant.entry.application_id
    if isinstance(keys, Mark):
        said = "unknown permissions"
    elif keys:
        said = rights.spelt(keys)
    else:
        said = "no key permissions"
    if application:
        shown = application.value if isinstance(application, Mark) else application
        said = f"{said} for the application {shown} on behalf of it"
    return said


def doubt(grant: Grant) -> str:
    """Why what a grant gives is not certain; "" where it is."""
    condition = values.name(grant.resource.stated("condition"))
    if grant.doubt is Doubt.CONDITION and isinstance(condition, str):
        return f"under a condition: {condition}"
    return grant.doubt.value if grant.doubt else ""


def listed(grants: Iterable[Grant]) -> str:
    """Grants for a reader, each once."""
    return "; ".join(dict.fromkeys(map(words, grants)))


def lost(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Verdict]:
    """The verdict on a change that takes permissions on a key from an identity; nothing if it takes none."""
    old, new = tuple(before), tuple(after)
    had, has = level(old), level(new)
    same = {(words(one), one.permissions) for one in old} == {(words(one), one.permissions) for one in new}
    if has is Access.FULL or had is Access.NONE or same:
        return
    if has is Access.UNKNOWN or had is Access.UNKNOWN:
        yield Verdict(Name.UNDETERMINED, _UNSURE, (listed(new) or listed(old),))
    elif certain(old) <= certain(new):
        return
    elif has is Access.NARROWER and certain(new) & rights.READS_DATA_KEYS:
        missing = ", ".join(rights.EffectiveAccess(certain(new)).missing)
        yield Verdict(Name.ACCESS_NARROWED, _NARROWED, (missing, listed(new)))
    elif certain(old) & rights.READS_DATA_KEYS:
        yield Verdict(Name.ACCESS_REVOKED, ACCESS_REMOVED, (listed(one for one in old if one.permissions),))


def given_back(words: str, shown: tuple[Value, ...] = ()) -> Verdict:
    """The verdict on an update that undoes what kept a service from its key."""
    return Verdict(Name.ACCESS_RESTORED, f"{words}, perhaps on purpose: this update GIVES IT BACK", shown)


def losing(
    resources: Iterable[ReviewedResource],
    moments: Moments,
    owned: Container[tuple[str, str]],
    used: Iterable[tuple[str, Value, str]],
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on grants that are taken away and let an identity use a key whose account is not shown
    here, by the URN of the grant. This update takes them away, or somebody did so outside Pulumi. `owned` are
    principals and vaults of the accounts that are shown, `used` the grants that they use. A deleted vault has
    a verdict of its own, so its grants have none."""
    gone = {one.urn for one in resources if one.kind in VAULTS and (one.goes or one.planned is None)}
    seen: set[tuple[str, str]] = set()
    for at in (moments.live, *moments[1:]), moments:
        for principal, grants in at[0].by_principal.items():
            for grant in grants:
                place = grant.vault_name if isinstance(grant.vault_name, str) else ""
                is_shown = not principal or (principal, place) in owned or (principal, grant.scope) in seen
                if is_shown or (grant.vault and grant.vault.urn in gone):
                    continue
                had, now, has = (one.on(grant, one.by_principal.get(principal, ())) for one in at)
                if level(had) is not Access.FULL:
                    continue
                seen.add((principal, grant.scope))
                excess = rights.EffectiveAccess(grant.permissions).excess
                for one in lost(had, has):
                    # Who may do more than a service needs is likely no service.
                    is_wide = one.name is Name.ACCESS_REVOKED and excess
                    said = f"of {{}}, whose account this preview does not show: {one.words}"
                    name = Name.UNDETERMINED if is_wide else one.name
                    yield grant.resource.urn, Verdict(name, said, (principal, *one.values))
                was_there = grant.vault is None or place in moments.live.stack.vaults
                if was_there and all(any(lost(one, now)) for one in (had, has)):
                    said = "access to the key ({}) was taken from {} outside Pulumi"
                    yield grant.resource.urn, given_back(said, (words(grant), principal))
    stays = {urn for urn, _, _ in used} | {grant.resource.urn for grant in moments.planned.grants}
    for grant in moments.live.by_principal.get("", ()):
        is_told = grant.resource.urn in stays or (grant.vault and grant.vault.urn in gone)
        if not is_told and level(moments.live.on(grant, [grant])) is Access.FULL:
            said = "access to the key REMOVED ({}) from an identity that this preview does not show"
            yield grant.resource.urn, Verdict(Name.UNDETERMINED, said, (words(grant),))


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
    before, once = _held(moments.live), _held(moments.recorded)
    was, stays = ({grant.resource.urn for grant in at.grants} for at in moments[:2])
    seen: set[tuple[str, str, str]] = set()
    for grant, vault in _placed(moments.planned):
        urn = grant.resource.urn
        principal = folded(grant.principal) or urn
        is_used = (urn, grant.principal, words(grant)) in used or (principal, vault) in owned
        if is_used or (urn, principal, vault) in seen:
            continue
        had = before.get((principal, vault), set())
        gained = [one for one in _abilities(moments.planned, grant, vault) if not {one, (one[0], "")} & had]
        # Whoever holds what is made again, an identity had it before it was taken away.
        is_back = principal == urn and urn in was - stays
        again = is_back or set(gained) <= once.get((principal, vault), set())
        if not gained or (again and urn in told):
            continue
        seen.add((urn, principal, vault))
        name = Name.ACCESS_RESTORED if again else Name.PRINCIPAL_ADDED
        # Of a vault that this update makes, no data is under any key yet.
        is_new = vault in moments.planned.stack.vaults and vault not in moments.live.stack.vaults
        name = Name.ACCESS_GRANTED if is_new else name
        said = f"{{}} can {'again' if again else 'now'} {', '.join(can for can, _ in gained)} ({{}})"
        yield grant.principal, Verdict(name, said, (grant.principal, words(grant)))


def _held(moment: Moment) -> Mapping[tuple[str, str], set[Ability]]:
    """The abilities of each principal at each vault; of one that is not known, by the grant's URN."""
    found: dict[tuple[str, str], set[Ability]] = {}
    for grant, vault in _placed(moment):
        holder = folded(grant.principal) or grant.resource.urn
        found.setdefault((holder, vault), set()).update(_abilities(moment, grant, vault))
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
    why = doubt(grant)
    abilities = [(words, why) for words in found]
    if why and (found or not grant.role or isinstance(grant.principal, Mark)):
        abilities.append(("do what the preview does not show", f"{what(grant)}, {why}"))
    return abilities
