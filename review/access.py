"""Who may use a key: grants as a review tells them, what a change takes from an identity, and who gains
rights besides the accounts that the preview shows.

A stack that only has vaults and grants decides over accounts of other stacks as well. Sources: "revoking
access to the key", in "encryption of data at rest"; learn.microsoft.com/azure/key-vault/general/rbac-guide
and security-features (whoever may write a vault with access policies can give themselves any permission).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from core import arm_ids, rights, values
from core.effects import ACCESS_REMOVED
from core.grants import Doubt, Grant, KeyLocation, certain, level
from core.rights import Access
from core.values import Hidden, Value, folded
from review.preview import VAULTS, ReviewedResource
from review.snapshot import Snapshot, Snapshots
from review.verdict import Name, Verdict

Ability = tuple[str, str]
"""The ability in words, and why it is uncertain, "" if it is certain."""
_NARROWED: Final = (
    "access to the key NARROWED, {} is missing ({}): data is still read, until the key is bound again"
)
_UNSURE: Final = "access to the key changes, and the preview does not show whether it is still enough ({})"
_GrantId = tuple[str, Value, str]
"""The URN of a grant's resource, its holder, and the grant in words."""


@dataclass(frozen=True)
class ShownAccounts:
    """What the verdicts on the accounts of a preview are about: `owned` are the principals of each account,
    each with each vault of its keys; `used` are the grants that the accounts use."""

    owned: set[tuple[str, str]]
    used: set[_GrantId]


def words(grant: Grant) -> str:
    """A grant for a reader, with the place it is for: a vault or a key by its name, else a scope by its
    id."""
    place = grant.scope or "a scope known after apply"
    if isinstance(grant.vault_name, str):
        place = f"vault {grant.vault_name}"
        if isinstance(grant.key_name, str):
            place = f"key {grant.key_name} of {place}"
    said = f"{what(grant)} on {place}"
    if grant.doubt:
        said = f"{said}, {doubt(grant)}"
    if grant.ignored:
        said = f"{said}, which the vault ignores"
    return said


def identified(grant: Grant) -> _GrantId:
    """What tells a grant from any other."""
    return grant.resource.urn, grant.principal, words(grant)


def what(grant: Grant) -> str:
    """The permissions of a grant in words, wherever it counts."""
    if grant.entry is None:
        if grant.role:
            return grant.role.name
        role_id = folded(values.name(grant.resource.input("roleDefinitionId")))
        return f"role {arm_ids.name_of(role_id)}" if role_id else "a role known after apply"
    keys, application = grant.entry.keys, grant.entry.application_id
    if isinstance(keys, Hidden):
        said = "unknown permissions"
    elif keys:
        said = rights.spelt(keys)
    else:
        said = "no key permissions"
    if application:
        said = f"{said} for the application {values.as_text(application)} on behalf of it"
    return said


def doubt(grant: Grant) -> str:
    """Why what a grant gives is not certain; "" where it is."""
    condition = values.name(grant.resource.input("condition"))
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
    is_same = _permissions_by_grant(old) == _permissions_by_grant(new)
    if has is Access.FULL or had is Access.NONE or is_same:
        return
    if has is Access.UNKNOWN or had is Access.UNKNOWN:
        yield Verdict(Name.UNDETERMINED, _UNSURE, (listed(new) or listed(old),))
    elif certain(old) <= certain(new):
        return
    elif has is Access.NARROWER and certain(new) & rights.READS_DATA_KEYS:
        missing = ", ".join(rights.EffectiveAccess(certain(new)).missing)
        yield Verdict(Name.ACCESS_NARROWED, _NARROWED, (missing, listed(new)))
    elif certain(old) & rights.READS_DATA_KEYS:
        yield Verdict(
            Name.ACCESS_REVOKED, ACCESS_REMOVED, (listed(grant for grant in old if grant.permissions),)
        )


def _permissions_by_grant(grants: Iterable[Grant]) -> set[tuple[str, frozenset[str]]]:
    return {(words(grant), grant.permissions) for grant in grants}


def given_back(words: str, shown: tuple[Value, ...] = ()) -> Verdict:
    """The verdict on an update that undoes what kept a service from its key."""
    return Verdict(Name.ACCESS_RESTORED, f"{words}, perhaps on purpose: this update GIVES IT BACK", shown)


def losing(
    resources: Iterable[ReviewedResource], snapshots: Snapshots, shown: ShownAccounts
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on grants that are taken away and let an identity use a key whose account is not shown
    here, by the URN of the grant: by this update, then by somebody outside Pulumi. A deleted vault has a
    verdict of its own, so its grants have none."""
    recorded, live, planned = snapshots
    deleted = {each.urn for each in resources if each.kind in VAULTS and (each.goes or each.planned is None)}
    seen: set[tuple[str, str]] = set()
    for principal, grant in _full_access(live, shown, deleted, seen):
        for verdict in lost(_of(principal, live, grant), _of(principal, planned, grant)):
            yield grant.resource.urn, _of_unshown(principal, grant, verdict)
    for principal, grant in _full_access(recorded, shown, deleted, seen):
        had, now, has = (_of(principal, snapshot, grant) for snapshot in snapshots)
        for verdict in lost(had, has):
            yield grant.resource.urn, _of_unshown(principal, grant, verdict)
        was_there = grant.vault is None or grant.vault_name in live.stack.vaults
        if was_there and any(lost(had, now)) and any(lost(has, now)):
            said = "access to the key ({}) was taken from {} outside Pulumi"
            yield grant.resource.urn, given_back(said, (words(grant), principal))
    stays = {urn for urn, _, _ in shown.used} | {grant.resource.urn for grant in planned.grants}
    for grant in live.by_principal.get("", ()):
        is_told = grant.resource.urn in stays or (grant.vault and grant.vault.urn in deleted)
        if not is_told and level(live.on(grant, [grant])) is Access.FULL:
            said = "access to the key REMOVED ({}) from an identity that this preview does not show"
            yield grant.resource.urn, Verdict(Name.UNDETERMINED, said, (words(grant),))


def _full_access(
    snapshot: Snapshot, shown: ShownAccounts, deleted: Container[str], seen: set[tuple[str, str]]
) -> Iterator[tuple[str, Grant]]:
    """The identities of no shown account that can use a key at a level, each with a grant of it. Not in
    vaults that are `deleted`, and each place once: what is yielded is added to `seen`."""
    for principal, grants in snapshot.by_principal.items():
        for grant in grants:
            vault = values.known_name(grant.vault_name)
            is_told = (principal, vault) in shown.owned or (principal, grant.scope) in seen
            if not principal or is_told or (grant.vault and grant.vault.urn in deleted):
                continue
            if level(snapshot.on(grant, grants)) is Access.FULL:
                seen.add((principal, grant.scope))
                yield principal, grant


def _of(principal: str, snapshot: Snapshot, place: Grant) -> list[Grant]:
    """What an identity holds at a level where a grant counts."""
    return snapshot.on(place, snapshot.by_principal.get(principal, ()))


def _of_unshown(principal: str, grant: Grant, verdict: Verdict) -> Verdict:
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
    """The principals that gain rights on a key of a vault shown here, each with its verdict. `restored` has
    the URNs of grants for which another verdict reports the restored access already."""
    recorded, live, planned = snapshots
    once, before = _held(recorded), _held(live)
    missing = {grant.resource.urn for grant in recorded.grants} - {
        grant.resource.urn for grant in live.grants
    }
    seen: set[tuple[str, str, str]] = set()
    for grant, vault in _placed(planned):
        urn = grant.resource.urn
        principal = folded(grant.principal) or urn
        is_used = identified(grant) in shown.used or (principal, vault) in shown.owned
        if is_used or (urn, principal, vault) in seen:
            continue
        had = before.get((principal, vault), set())
        gained = [can for can in _abilities(planned, grant, vault) if {can, (can[0], "")}.isdisjoint(had)]
        # Whoever holds what is made again, an identity had it before it was taken away.
        is_made_again = principal == urn and urn in missing
        is_back = is_made_again or once.get((principal, vault), set()).issuperset(gained)
        if not gained or (is_back and urn in restored):
            continue
        seen.add((urn, principal, vault))
        # Of a vault that this update makes, no data is under any key yet.
        is_new = vault in planned.stack.vaults and vault not in live.stack.vaults
        yield grant.principal, _gain(grant, gained, is_back=is_back, is_new=is_new)


def _gain(grant: Grant, gained: Iterable[Ability], *, is_back: bool, is_new: bool) -> Verdict:
    """The verdict on abilities that a grant gives: `is_back` if the holder had them once, `is_new` if the
    vault is."""
    since, name = "now", Name.PRINCIPAL_ADDED
    if is_back:
        since, name = "again", Name.ACCESS_RESTORED
    if is_new:
        name = Name.ACCESS_GRANTED
    said = f"{{}} can {since} {', '.join(can for can, _ in gained)} ({{}})"
    return Verdict(name, said, (grant.principal, words(grant)))


def _held(snapshot: Snapshot) -> Mapping[tuple[str, str], set[Ability]]:
    """The abilities of each principal at each vault; of one that is not known, by the grant's URN."""
    held: dict[tuple[str, str], set[Ability]] = {}
    for grant, vault in _placed(snapshot):
        holder = folded(grant.principal) or grant.resource.urn
        held.setdefault((holder, vault), set()).update(_abilities(snapshot, grant, vault))
    return held


def _placed(snapshot: Snapshot) -> Iterator[tuple[Grant, str]]:
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
    found = [can for names, can in rights.ON_KEYS if names & grant.permissions]
    if grant.role and not grant.key_name:
        by_policies = snapshot.uses_roles(vault) is not True
        for action, can in rights.OVER_VAULT.items():
            if not grant.role.allows(action):
                continue
            if action == rights.VAULT_WRITE and by_policies:
                found.append(f"{can} and give anybody access")
            else:
                found.append(can)
    elif grant.role and grant.role.allows(rights.ROLE_WRITE):
        found.append(rights.OVER_VAULT[rights.ROLE_WRITE])
    why = doubt(grant)
    abilities = [(ability, why) for ability in found]
    if why and (found or not grant.role or isinstance(grant.principal, Hidden)):
        abilities.append(("do what the preview does not show", f"{what(grant)}, {why}"))
    return abilities
