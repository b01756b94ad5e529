"""The protection of keys at one moment: core's model of that moment's resources, and what the update does to
grants beside what each resource says of itself.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from functools import cached_property
from typing import Final

from core import arm_ids, key_uris, values
from core.api_versions import AZURE_NATIVE_VAULTS, VAULTS
from core.grants import Doubt, Grant, KeyLocation, entries_in, entries_of
from core.protection import AccountProtection, Protections, StatedEncryption, encryption_in
from core.resource_types import Kind
from core.stack import Stack, StackResource
from core.values import Mark, Value, flag, folded, items, look, text
from review.access import Revocation
from review.resource import ReviewedResource, ReviewedState

_GRANTS: Final = {Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT}
_POLICIES: Final = "accessPolicies"
Holding = tuple[str, str | None]
"""The name of a vault and the object id of who has an access policy in it, both lower case."""


class Moment(Enum):
    """When: in Pulumi's state, in the cloud before the update, after it."""

    RECORDED = "recorded"
    LIVE = "live"
    PLANNED = "planned"


class Snapshot(Protections):
    """The protections at one moment. Made once per moment, so that a review grows linearly."""

    def __init__(self, resources: Sequence[ReviewedResource], moment: Moment) -> None:
        super().__init__(Stack(state for one in resources if (state := _at(one, moment)) is not None))
        self.live = moment is not Moment.PLANNED
        self._unbound = set() if self.live else {folded(id) for id in _left(resources)}
        self._overwritten = set() if self.live else set(_overwritten(resources))
        self._superseded = set(_superseded(resources))
        self._revoked = list(_revoked(resources, moment))
        self._removed = [
            found for one, found in self._revoked if one.written and one.planned and not self.live
        ]
        self._perhaps: defaultdict[str, list[Grant]] = defaultdict(list)
        for one in () if self.live else resources:
            for holder, grant in self._perhaps_of(one):
                self._perhaps[holder].append(grant)

    def state(self, urn: str) -> ReviewedState | None:
        """The state of a resource; None when it is not there at this moment."""
        found = self.stack.at(urn)
        return found if isinstance(found, ReviewedState) else None

    def states(self, kind: Kind) -> list[ReviewedState]:
        """The states of all resources of a kind."""
        return [one for one in self.stack.of(kind) if isinstance(one, ReviewedState)]

    # Which key

    def said(self, resource: StackResource, name: str) -> object:
        """What the cloud has, and what it will have."""
        return resource.found(name) if self.live else resource.stated(name)

    def inline(self, account: StackResource) -> StatedEncryption | Mark | None:
        """The encryption that the account has, or that its next write sends."""
        written = account.written if isinstance(account, ReviewedState) else {}
        block = account.found("encryption") if self.live else values.prop(written, "encryption")
        says = isinstance(block, Mark) or look(block, "keySource") or look(block, "keyVaultProperties")
        return encryption_in(block) if says else None

    def of_account(self, account: StackResource) -> AccountProtection | Mark | None:
        """None also where the update takes the binding away: the account's own inputs no longer count."""
        id = values.name(look(account.outputs, "id"))
        is_left = account.urn not in self.bindings_by_account and (folded(id) or "") in self._unbound
        return None if is_left else super().of_account(account)

    # Who may use it

    def counts(self, grant: Grant) -> bool:
        """Not where a vault's own list removes it, or a revocation, which also removes declared access."""
        holding = (str(grant.vault_name), folded(grant.principal))
        if grant.resource.kind is Kind.ACCESS_POLICY and holding in self._overwritten:
            return False
        return not any(one.takes(grant, self._id(grant)) for one in self._removed)

    def listed_in(self, vault: StackResource) -> Iterator[Grant]:
        """What is declared is what a write sends; what is not declared stays as it is. An entry that a read
        found does not count if a policy of its own has its vault and identity, or if a revocation removes it:
        the read may be old."""
        written = vault.written if isinstance(vault, ReviewedState) else {}
        declares = values.prop(written, _POLICIES) is not None
        for grant in self.entries(vault, vault, entries_in(self.said(vault, _POLICIES))):
            id = folded(grant.principal)
            taken = (str(grant.vault_name), id) in self._superseded or any(
                one.takes(grant, "") for _, one in self._revoked
            )
            if declares or (id and not taken):
                yield grant

    def grants_for(
        self, urns: Iterable[str], principals: Iterable[Value], awaited: Container[str]
    ) -> Iterator[Grant]:
        """What these identities may do.

        Where an identity is not made yet, a grant counts that is made from one of `urns` or is in `awaited`.
        An entry of a vault's own list may be anybody's: it does not count where the identity is known.
        """
        known = {id for one in principals if (id := folded(one)) is not None}
        owners = tuple(urns)
        for id in sorted(known):
            yield from (*self.by_principal.get(id, ()), *self.perhaps(id))
        for grant in self.by_principal.get("", ()):
            state = self.state(grant.resource.urn)
            made_from = state and any(state.needs(urn, "policy", "principalId") for urn in owners)
            if made_from or (grant.resource.urn in awaited and not known):
                yield grant
            elif grant.resource.urn in awaited and not grant.is_listed:
                yield replace(grant, more_doubt=Doubt.HOLDER)

    def perhaps(self, principal: str) -> Sequence[Grant]:
        """Grants to identities known after the update that may be for this one, which a vault's own list no
        longer names."""
        return self._perhaps.get(principal, ())

    def on(self, place: KeyLocation, grants: Iterable[Grant]) -> list[Grant]:
        """Those of the grants that count for a key or a vault, each under the model of the vault."""
        uses_roles = self.uses_roles(place.vault_name)
        return [one.under(uses_roles) for one in grants if self.covers(one, place)]

    def covers(self, grant: Grant, place: KeyLocation) -> bool:
        """Whether a grant counts for a key or a vault, or may; in a managed HSM its own roles alone do."""
        is_known = isinstance(place.vault_name, str)
        fits = not is_known or place.in_managed_hsm is grant.of_managed_hsm
        return fits and self.reaches(grant, place)

    def uses_roles(self, vault: Value) -> bool | Mark | None:
        """Whether a vault uses role assignments and not access policies; None where that is not known.

        No longer declaring it changes nothing by API version `VAULTS` and newer, and means access policies by
        older ones.
        """
        state, path = self.stack.named(Kind.VAULT, vault), "enableRbacAuthorization"
        if state is None:
            return None
        if self.live:
            return flag(state.found(path))
        declared, before = flag(state.stated(path)), flag(state.found(path))
        if declared is None and before is not None:
            return before if (state.api_version or AZURE_NATIVE_VAULTS) >= VAULTS else False
        return declared

    @cached_property
    def vaults(self) -> dict[str, StackResource]:
        """Each vault and managed HSM of the stack by its name."""
        found = {
            name: one for one in self.stack.of(Kind.VAULT) if (name := folded(one.azure_name)) is not None
        }
        for one in self.stack.of(Kind.MANAGED_HSM):
            if name := folded(one.azure_name):
                found[key_uris.place_named(name, arm_ids.MANAGED_HSM)] = one
        return found

    # What else is about a resource

    @cached_property
    def _endpoints(self) -> Mapping[str, int]:
        return _targets(self.states(Kind.PRIVATE_ENDPOINT))

    def private_endpoints_of(self, id: Value) -> int:
        """How many private endpoints of this stack lead to a resource."""
        return self._endpoints.get(folded(id) or "", 0)

    def _id(self, grant: Grant) -> str:
        state = self.state(grant.resource.urn)
        return state.id if state else ""

    def _perhaps_of(self, one: ReviewedResource) -> Iterator[tuple[str, Grant]]:
        """Who goes from a vault's own list, with each new entry of it that may be theirs: its identity is not
        known yet."""
        if one.kind is not Kind.VAULT or not one.live or not one.planned:
            return
        lists = [items(one.live.found(_POLICIES)), items(one.planned.stated(_POLICIES))]
        before, after = ([found] if isinstance(found, Mark) else found for found in lists)
        had, has = ({folded(entry.holder) for entry in entries_in(found)} for found in (before, after))
        new = entries_in([entry for entry in after if entry not in before])
        added = [
            grant
            for grant in self.entries(one.planned, one.planned, new)
            if isinstance(grant.principal, Mark)
        ]
        for holder in sorted(id for id in had - has if id):
            yield from ((holder, replace(grant, more_doubt=Doubt.HOLDER)) for grant in added)


def _at(one: ReviewedResource, moment: Moment) -> ReviewedState | None:
    state: ReviewedState | None = getattr(one, moment.value)
    # What leaves the stack and stays in Azure still gives access.
    stays = moment is Moment.PLANNED and one.released and one.kind in _GRANTS
    return one.live if state is None and stays else state


def _left(resources: Iterable[ReviewedResource]) -> Iterator[Value]:
    """The accounts whose binding is deleted, or goes to another account."""
    for one in resources:
        if one.kind is Kind.BINDING and one.live:
            id = one.live.text("accountId")
            if one.deleted or (one.planned and folded(one.planned.text("accountId")) != folded(id)):
                yield id


def _superseded(resources: Iterable[ReviewedResource]) -> Iterator[Holding]:
    """Each standalone access policy. The policy's own state counts, not its entry in the vault's list, which
    may be old: if a vault's inputs did not change, a refresh's JSON shows the outputs of the state
    (pkg/backend/display/json.go of pulumi 3.259), and azure-native leaves the list out of the inputs; it
    makes no policy where the list still has an entry (custom_keyvault_accesspolicy.go)."""
    for one in resources:
        if one.kind is Kind.ACCESS_POLICY and not one.released:
            for state in filter(None, (one.live or one.recorded, one.planned)):
                vault = folded(state.text("vaultName")) or ""
                yield from ((vault, folded(each.holder)) for each in entries_of(one.kind, state.declared))


def _revoked(
    resources: Iterable[ReviewedResource], moment: Moment
) -> Iterator[tuple[ReviewedResource, Revocation]]:
    for one in resources:
        if one.kind is Kind.REVOCATION:
            state = getattr(one, moment.value) or (one.live if moment is Moment.PLANNED else None)
            if state:
                yield one, Revocation.of(state)


def _overwritten(resources: Iterable[ReviewedResource]) -> Iterator[Holding]:
    """Access that a vault's own list removes, although a resource of its own still declares it."""
    for one in resources:
        if one.kind is not Kind.VAULT or one.op != "update" or not one.live or not one.planned:
            continue
        declared = values.prop(one.planned.written, _POLICIES)
        before, after = items(one.live.found(_POLICIES)), items(declared)
        if declared is None or isinstance(before, Mark) or isinstance(after, Mark):
            continue
        had, kept = ({folded(entry.holder) for entry in entries_in(listed)} for listed in (before, after))
        yield from ((folded(one.planned.azure_name) or "", id) for id in had - kept)


def _targets(states: Iterable[ReviewedState]) -> Mapping[str, int]:
    """How many private endpoints lead to each resource, by its folded id."""
    count: defaultdict[str, int] = defaultdict(int)
    for state in states:
        for path in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            connections = items(state.stated(path))
            for connection in () if isinstance(connections, Mark) else connections:
                if id := folded(text(look(connection, "privateLinkServiceId"))):
                    count[id] += 1
    return count
