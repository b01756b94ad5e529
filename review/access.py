"""Who may use a key: grants as a review tells them, what a change takes from an identity, and who gains
rights besides the accounts that the preview shows.

A stack that only has vaults and grants decides over accounts of other stacks as well. Sources: "revoking
access to the key", in "encryption of data at rest"; learn.microsoft.com/azure/key-vault/general/rbac-guide
and security-features (whoever may write a vault with access policies can give themselves any permission).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core import kinds, rights, values
from core.effects import HeldGrant, access_effect
from core.grants import Grant, KeyLocation, level
from core.rights import Access
from core.values import Hidden, Value, folded
from core.verdicts import Name, Verdict
from review.preview import VAULTS, ReviewedResource
from review.snapshot import Snapshot, Snapshots


class Ability(NamedTuple):
    """What a grant lets its holder do, in words, and why that is uncertain; "" if it is certain."""

    words: str
    doubt: str

    def is_among(self, held: Container[Ability]) -> bool:
        """Whether it was held before, for certain or as uncertain as it is."""
        return self in held or self._replace(doubt="") in held


_GrantId = tuple[str, Value, str]
"""The URN of a grant's resource, its holder, and the grant in words."""


@dataclass(frozen=True)
class ShownAccounts:
    """What the verdicts on the accounts of a preview are about: `owned` are the principals of each account,
    each with each vault of its keys; `used` are the grants that the accounts use."""

    owned: set[tuple[str, str]]
    used: set[_GrantId]


def identified(grant: Grant) -> _GrantId:
    """What tells a grant from any other."""
    return grant.resource.urn, grant.principal, grant.words


def lost(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Verdict]:
    """The verdict on a change that takes permissions on a key from an identity; nothing if it takes none."""
    verdict = access_effect(_held(before), _held(after))
    if verdict and verdict.name is not Name.ACCESS_GRANTED:
        yield verdict


def _held(grants: Iterable[Grant]) -> tuple[HeldGrant, ...]:
    return tuple(grant.held for grant in grants)


def wider(kind: Value, before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Verdict]:
    """The verdicts on new grants that allow more than a service on an account of a kind needs."""
    had = {(grant.what, grant.scope) for grant in before}
    words = "the service may do MORE with the key than it needs: {}"
    for grant in after:
        excess = rights.EffectiveAccess(grant.permissions).excess
        if not excess or not grant.scope or (grant.what, grant.scope) in had:
            continue
        if kinds.names_role(kind, grant.role_id):
            by_page = f"{words}, the role that the page of its kind gives"
            yield Verdict(Name.ROLE_BY_PAGE, by_page, (grant.words,))
        else:
            yield Verdict(Name.ACCESS_WIDENED, words, (grant.words,))


def given_back(words: str, shown: tuple[Value, ...] = ()) -> Verdict:
    """The verdict on an update that undoes what kept a service from its key."""
    return Verdict(Name.ACCESS_RESTORED, f"{words}, perhaps on purpose: this update GIVES IT BACK", shown)


def losing(
    resources: Iterable[ReviewedResource], snapshots: Snapshots, shown: ShownAccounts
) -> Iterator[tuple[str, Verdict]]:
    """Verdicts on grants that are taken from identities that can use a key and whose account is not shown
    here, each with the URN of the grant: first those that this update takes away, then those that somebody
    took away outside Pulumi. The verdict on a deleted vault covers its grants."""
    recorded, live, planned = snapshots
    # Replaced, deleted by this update, or gone before.
    deleted = {each.urn for each in resources if each.kind in VAULTS and (each.goes or each.planned is None)}
    able = _with_full_access(live, shown, deleted)
    for (principal, _), grant in able.items():
        for verdict in lost(_held_where(grant, principal, live), _held_where(grant, principal, planned)):
            yield grant.resource.urn, _about_unshown(principal, grant, verdict)
    for (principal, scope), grant in _with_full_access(recorded, shown, deleted).items():
        if (principal, scope) in able:
            continue
        before, now, afterwards = (_held_where(grant, principal, snapshot) for snapshot in snapshots)
        for verdict in lost(before, afterwards):
            yield grant.resource.urn, _about_unshown(principal, grant, verdict)
        # A vault of another stack counts as there.
        vault_is_there = grant.vault is None or grant.vault_name in live.stack.vaults
        # What the update gives is what its opposite would take.
        was_taken, comes_back = any(lost(before, now)), any(lost(before=afterwards, after=now))
        if vault_is_there and was_taken and comes_back:
            said = "access to the key ({}) was taken from {} outside Pulumi"
            yield grant.resource.urn, given_back(said, (grant.words, principal))
    # Grants to holders that are not known, each of which is judged by itself.
    stay = {urn for urn, _, _ in shown.used} | {grant.resource.urn for grant in planned.grants}
    for grant in live.by_principal.get("", ()):
        goes_with_vault = grant.vault is not None and grant.vault.urn in deleted
        if grant.resource.urn in stay or goes_with_vault:
            continue
        if level(live.on(grant, [grant])) is Access.FULL:
            said = "access to the key REMOVED ({}) from an identity that this preview does not show"
            yield grant.resource.urn, Verdict(Name.UNDETERMINED, said, (grant.words,))


def _with_full_access(
    snapshot: Snapshot, shown: ShownAccounts, deleted: Container[str]
) -> Mapping[tuple[str, str], Grant]:
    """A grant for each identity of no shown account that can use a key, and for each scope of its grants. Not
    in vaults that are `deleted`."""
    found: dict[tuple[str, str], Grant] = {}
    for principal, grants in snapshot.by_principal.items():
        for grant in grants:
            is_shown = (principal, values.known_name(grant.vault_name)) in shown.owned
            goes_with_vault = grant.vault is not None and grant.vault.urn in deleted
            if not principal or is_shown or goes_with_vault or (principal, grant.scope) in found:
                continue
            if level(snapshot.on(grant, grants)) is Access.FULL:
                found[principal, grant.scope] = grant
    return found


def _held_where(grant: Grant, principal: str, snapshot: Snapshot) -> list[Grant]:
    """What an identity holds, at one level, where a grant counts."""
    return snapshot.on(grant, snapshot.by_principal.get(principal, ()))


def _about_unshown(principal: str, grant: Grant, verdict: Verdict) -> Verdict:
    """A verdict on access to a key, of an identity whose account is not shown."""
    said = f"of {{}}, whose account this preview does not show: {verdict.words}"
    name = verdict.name
    if name is Name.ACCESS_REVOKED and rights.EffectiveAccess(grant.permissions).excess:
        # Who may do more than a service needs is likely no service.
        name = Name.UNDETERMINED
    return Verdict(name, said, (principal, *verdict.values))


def gaining(
    snapshots: Snapshots, shown: ShownAccounts, restored: Container[str]
) -> Iterator[tuple[Value, Verdict]]:
    """The principals that can do more with a key of a vault shown here than before the update, each with its
    verdict. `restored` has the URNs of grants of which another verdict says that the access comes back."""
    recorded, live, planned = snapshots
    recorded_abilities, live_abilities = _abilities_by_holder(recorded), _abilities_by_holder(live)
    live_urns = {grant.resource.urn for grant in live.grants}
    taken_away = {grant.resource.urn for grant in recorded.grants} - live_urns
    reported: set[tuple[str, str, str, Ability]] = set()
    for grant, vault in _by_vault(planned):
        urn, holder = grant.resource.urn, _holder(grant)
        if identified(grant) in shown.used or (holder, vault) in shown.owned:
            continue
        held = live_abilities.get((holder, vault), set())
        gained = [
            ability
            for ability in _abilities(planned, grant, vault)
            if not ability.is_among(held) and (urn, holder, vault, ability) not in reported
        ]
        if not gained:
            continue
        # Nobody knows yet who will hold a grant that is made again; somebody held it until it was taken away.
        is_of_unknown_holder = holder == urn
        is_made_again = is_of_unknown_holder and urn in taken_away
        is_back = is_made_again or recorded_abilities.get((holder, vault), set()).issuperset(gained)
        if is_back and urn in restored:
            continue
        reported |= {(urn, holder, vault, ability) for ability in gained}
        # Of a vault that this update makes, no data is under any key yet.
        is_new = vault in planned.stack.vaults and vault not in live.stack.vaults
        yield grant.principal, _gain(grant, gained, is_back=is_back, is_new=is_new)


def _holder(grant: Grant) -> str:
    """The principal of a grant; while that is not known, the URN of the grant stands for it."""
    return folded(grant.principal) or grant.resource.urn


def _gain(grant: Grant, gained: Iterable[Ability], *, is_back: bool, is_new: bool) -> Verdict:
    """The verdict on abilities that a grant gives: `is_back` if the holder had them once, `is_new` if the
    vault is."""
    since, name = "now", Name.PRINCIPAL_ADDED
    if is_back:
        since, name = "again", Name.ACCESS_RESTORED
    if is_new:
        name = Name.ACCESS_GRANTED
    said = f"{{}} can {since} {', '.join(able.words for able in gained)} ({{}})"
    return Verdict(name, said, (grant.principal, grant.words))


def _abilities_by_holder(snapshot: Snapshot) -> Mapping[tuple[str, str], set[Ability]]:
    """What each holder can do in each vault."""
    found: dict[tuple[str, str], set[Ability]] = {}
    for grant, vault in _by_vault(snapshot):
        found.setdefault((_holder(grant), vault), set()).update(_abilities(snapshot, grant, vault))
    return found


def _by_vault(snapshot: Snapshot) -> Iterator[tuple[Grant, str]]:
    """Each grant with each vault that it counts for."""
    places = {name: KeyLocation(vault=each, vault_name=name) for name, each in snapshot.stack.vaults.items()}
    for grant in snapshot.grants:
        vaults: list[str] = []
        if isinstance(grant.vault_name, str):
            vaults = [grant.vault_name]
        elif grant.scope:
            vaults = [name for name, place in places.items() if snapshot.covers(grant, place)]
        for vault in vaults:
            uses_roles = snapshot.uses_roles(vault)
            yield grant.under(None if isinstance(uses_roles, Hidden) else uses_roles), vault


def _abilities(snapshot: Snapshot, grant: Grant, vault: str) -> list[Ability]:
    found = [text for names, text in rights.ON_KEYS if names & grant.permissions]
    if grant.role and not grant.key_name:
        by_policies = snapshot.uses_roles(vault) is not True
        for action, text in rights.OVER_VAULT.items():
            if not grant.role.allows(action):
                continue
            if action == rights.VAULT_WRITE and by_policies:
                found.append(f"{text} and give anybody access")
            else:
                found.append(text)
    elif grant.role and grant.role.allows(rights.ROLE_WRITE):
        found.append(rights.OVER_VAULT[rights.ROLE_WRITE])
    why = grant.doubt_in_words
    abilities = [Ability(text, why) for text in found]
    if why and (found or not grant.role or isinstance(grant.principal, Hidden)):
        abilities.append(Ability("do what the preview does not show", f"{grant.what}, {why}"))
    return abilities
