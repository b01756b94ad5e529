"""All resources of one moment, and which belong together.

They are joined by ARM ids, by names that Azure makes ids from, or, for values that only the update knows, by
the engine's property dependencies; never by logical names.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from core import arm_ids, key_uris, values
from core.resource_types import GENERIC_NAMES, Kind
from core.stack import Stack, StackResource
from core.values import Mark, Value, flag, folded, items, look, text
from review import access, keys
from review.access import ReviewedGrant, Revocation
from review.keys import ReviewedKey
from review.resource import ReviewedResource, ReviewedState

_ABOVE: Final = ("vaultName", GENERIC_NAMES[0])
"""The inputs of a key that its vault's name is in."""
_GRANTS: Final = {Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT}
_POLICIES: Final = "accessPolicies"


class Moment(Enum):
    """When: in Pulumi's state, in the cloud before the update, after it."""

    RECORDED = "recorded"
    LIVE = "live"
    PLANNED = "planned"


class Snapshot(Stack):
    """The resources of a preview at one moment. Made once per moment, so that a review grows linearly."""

    def __init__(self, resources: Sequence[ReviewedResource], moment: Moment) -> None:
        self.live = moment is not Moment.PLANNED
        super().__init__(state for one in resources if (state := _at(one, moment)) is not None)
        self._bindings = _index(self.states(Kind.BINDING), lambda one: one.text("accountId"))
        self._unbound = set() if self.live else {folded(id) for id in _left(resources)}
        self._vaults = {
            **_index(self.states(Kind.VAULT), lambda one: one.azure_name),
            **_index(self.states(Kind.MANAGED_HSM), _hsm_place),
        }
        self._keys = _index(self.states(Kind.KEY), lambda one: one.azure_name)
        self._logs = _index(self.states(Kind.DIAGNOSTIC_SETTING), lambda one: one.text("resourceUri"))
        self._identities = _index(self.states(Kind.USER_ASSIGNED_IDENTITY), lambda one: one.id or None)
        self._endpoints = _targets(self.states(Kind.PRIVATE_ENDPOINT))
        self._grants = self._all_grants(resources, moment)
        self._perhaps: defaultdict[str, list[ReviewedGrant]] = defaultdict(list)
        for one in () if self.live else resources:
            for holder, grant in _perhaps(one):
                self._perhaps[holder].append(grant)

    def state(self, urn: str) -> ReviewedState | None:
        """The state of a resource; None when it is not there at this moment."""
        return _reviewed(self.at(urn))

    def states(self, kind: Kind) -> list[ReviewedState]:
        """The states of all resources of a kind."""
        return [one for one in self.of(kind) if isinstance(one, ReviewedState)]

    def binding_of(self, urn: str, id: Value) -> ReviewedState | None:
        """The binding of an account."""
        known = self._bindings.get(folded(id) or "\0")
        made = (one for one in self._bindings.get("", ()) if one.needs(urn, "accountId"))
        return known[0] if known else next(made, None)

    def unbinds(self, id: Value) -> bool:
        """Whether this update takes an account's binding away, so that its own inputs no longer count."""
        return folded(id) in self._unbound

    def vault_named(self, name: Value) -> ReviewedState | None:
        """A vault by its name, which is unique in Azure."""
        return next(iter(self._vaults.get(folded(name) or "", ())), None)

    def vault_names(self) -> Iterator[tuple[str, str]]:
        """The folded name and the ARM id of each vault of this stack; the id empty where it is not known."""
        return ((name, found[0].id) for name, found in self._vaults.items() if name)

    def key_in(self, vault: Value, name: Value) -> ReviewedState | None:
        """A key of a vault."""
        found = self._keys.get(folded(name) or "", ())
        return next((one for one in found if folded(self.vault_name_of(one)) == folded(vault)), None)

    def vault_name_of(self, key: ReviewedState) -> Value:
        """The name of the vault that a key is in."""
        parts = key.id.split("/")
        if len(parts) >= 3 and parts[-2].lower() == "keys":
            return parts[-3]
        name = values.text(look(key.inputs, "vaultName"))
        vault = self._made(key, Kind.VAULT, *_ABOVE) if name is Mark.UNKNOWN else None
        return vault.azure_name if vault else name

    def bound_key(self, state: ReviewedState) -> ReviewedKey | Mark | None:
        """The key that an account, or a binding, puts the data under. Where the update makes the version,
        what the version is made from still names the key."""
        if state.kind is Kind.BINDING:
            identity = text(look(state.written, "identityClientId")) or None
            path = "keyUriWithVersion"
            found = keys.of_uri(text(state.found(path) if self.live else state.stated(path)), identity)
            version = None if found else self._made(state, Kind.KEY_VERSION, path)
            found = found or ReviewedKey(Mark.UNKNOWN, Mark.UNKNOWN, Mark.UNKNOWN, identity)
            return self._of_version(version, found) if version else found
        block = state.found("encryption") if self.live else values.prop(state.written, "encryption")
        key = keys.of_encryption(block)
        if not isinstance(key, ReviewedKey) or key.name is not Mark.UNKNOWN:
            return key
        version = self._made(state, Kind.KEY_VERSION, "properties")
        return self._of_version(version, key) if version else key

    def _of_version(self, version: ReviewedState, key: ReviewedKey) -> ReviewedKey:
        id = version.text("keyId")
        try:
            named = arm_ids.key_id(id) if isinstance(id, str) else None
        except arm_ids.MalformedError:
            named = None
        if named:
            return replace(key, vault=key_uris.place_of(named.parent.text), name=named.name)
        made = self._made(version, Kind.KEY, "keyId")
        return replace(key, vault=self.vault_name_of(made), name=made.azure_name) if made else key

    def grants_of(
        self, urns: Iterable[str], principals: Iterable[Value], awaited: Container[str]
    ) -> tuple[ReviewedGrant, ...]:
        """What these identities may do.

        Where an identity is not made yet, a grant counts that is made from one of `urns` or is in `awaited`.
        An entry of a vault's own list may be anybody's: it does not count where the identity is known.
        """
        known = {id for one in principals if (id := folded(one)) is not None}
        owners = tuple(urns)
        found = [grant for id in sorted(known) for grant in (*self._grants.get(id, ()), *self.perhaps(id))]
        for grant in self._grants.get("", ()):
            state = self.state(grant.urn)
            made_from = state and any(state.needs(urn, "policy", "principalId") for urn in owners)
            if made_from or (grant.urn in awaited and not (grant.is_listed and known)):
                found.append(grant)
        return tuple(found)

    def perhaps(self, principal: str) -> Sequence[ReviewedGrant]:
        """Grants to identities known after the update that may be for this one, which a vault's own list no
        longer names."""
        return self._perhaps.get(principal, ())

    def grants(self) -> Iterator[ReviewedGrant]:
        """Every grant, whoever it is for."""
        for found in self._grants.values():
            yield from found

    def by_principal(self) -> Mapping[str, list[ReviewedGrant]]:
        """Every grant by the folded object id of whom it is for; by "" where that is not known."""
        return self._grants

    def uses_roles(self, vault: Value) -> bool | Mark | None:
        """Whether a vault uses role assignments and not access policies; None where that is not known.

        No longer declaring it means access policies (Vault 2024-11-01).
        """
        state, path = self.vault_named(vault), "enableRbacAuthorization"
        if state is None:
            return None
        if self.live:
            return flag(state.found(path))
        declared, before = flag(state.stated(path)), flag(state.found(path))
        return False if declared is None and before is not None else declared

    def identity(self, id: Value) -> ReviewedState | None:
        """A user-assigned identity of this stack."""
        return next(iter(self._identities.get(folded(id) or "", ())), None)

    def logs_of(self, urn: str, id: Value) -> list[ReviewedState]:
        """The diagnostic settings of a resource."""
        made = [one for one in self._logs.get("", ()) if one.needs(urn, "resourceUri")]
        return [*self._logs.get(folded(id) or "\0", []), *made]

    def private_endpoints_of(self, id: Value) -> int:
        """How many private endpoints of this stack lead to a resource."""
        return self._endpoints.get(folded(id) or "", 0)

    def _made(self, state: ReviewedState, kind: Kind, *inputs: str) -> ReviewedState | None:
        """The first resource of a kind that one of these inputs is made from."""
        return _reviewed(next((one for one in self.sources(state, *inputs) if one.kind is kind), None))

    # Grants

    def _all_grants(
        self, resources: Sequence[ReviewedResource], moment: Moment
    ) -> Mapping[str, list[ReviewedGrant]]:
        """The grants by folded object id. An entry that a read found in a vault's list does not count if a
        policy of its own has its vault and identity, or if a revocation removes it: the read may be old."""
        grants: defaultdict[str, list[ReviewedGrant]] = defaultdict(list)
        overwritten = set() if self.live else set(_overwritten(resources))
        for state in self.states(Kind.ACCESS_POLICY):
            for grant in (self._placed(one, state) for one in self._policy(state)):
                if (grant.scope, folded(grant.principal)) not in overwritten:
                    grants[folded(grant.principal) or ""].append(grant)
        for state in self.states(Kind.ROLE_ASSIGNMENT):
            grant = self._placed(access.of_role_assignment(state), state)
            grants[folded(grant.principal) or ""].append(grant)
        taken, revoked = set(_superseded(resources)), list(_revoked(resources, moment))
        for state in self.states(Kind.VAULT):
            # What is declared is what a write sends; what is not declared stays as it is.
            declares = values.prop(state.written, _POLICIES) is not None
            entries = state.found(_POLICIES) if self.live else state.stated(_POLICIES)
            for grant in access.of_policies(state, entries, state.azure_name, state.text("tenantId")):
                id = folded(grant.principal)
                found = (grant.scope, id) not in taken and not any(one.takes(grant, "") for _, one in revoked)
                if declares or (id and found):
                    grants[id or ""].append(grant)
        for one, revocation in revoked:
            if one.written and one.planned and not self.live:
                # The revocation removes declared access, too, when the update writes it.
                for id, given in grants.items():
                    grants[id] = [each for each in given if not revocation.takes(each, self._id(each.urn))]
        return grants

    def _id(self, urn: str) -> str:
        state = self.state(urn)
        return state.id if state else ""

    def _policy(self, state: ReviewedState) -> list[ReviewedGrant]:
        named = state.text("vaultName")
        vault = self.vault_named(named)
        tenant = vault.text("tenantId") if vault else None
        return access.of_policies(state, state.stated("policy"), named, tenant)

    def _placed(self, grant: ReviewedGrant, state: ReviewedState) -> ReviewedGrant:
        """A grant on what this update makes: its scope is not known yet, but what it is made from is."""
        if grant.scope:
            return grant
        key = self._made(state, Kind.KEY, "scope")
        vault = self._made(state, Kind.VAULT, "vaultName") or self._made(state, Kind.VAULT, "scope")
        name = folded(self.vault_name_of(key) if key else vault.azure_name if vault else None)
        if name is None:
            return grant
        key_name = folded(key.azure_name) if key else None
        return replace(grant, scope=f"/vaults/{name}" + (f"/keys/{key_name}" if key_name else ""))


def _at(one: ReviewedResource, moment: Moment) -> ReviewedState | None:
    state: ReviewedState | None = getattr(one, moment.value)
    # What leaves the stack and stays in Azure still gives access.
    stays = moment is Moment.PLANNED and one.released and one.kind in _GRANTS
    return one.live if state is None and stays else state


def _reviewed(one: StackResource | None) -> ReviewedState | None:
    return one if isinstance(one, ReviewedState) else None


def _index(
    states: Iterable[ReviewedState], by: Callable[[ReviewedState], Value]
) -> Mapping[str, list[ReviewedState]]:
    """States by a folded value; those whose value is not known, under the empty text."""
    found: defaultdict[str, list[ReviewedState]] = defaultdict(list)
    for state in states:
        found[folded(by(state)) or ""].append(state)
    return found


def _hsm_place(state: ReviewedState) -> str:
    """The name of a managed HSM, in the form that no vault's name has."""
    name = state.azure_name
    return key_uris.place_named(name if isinstance(name, str) else "", arm_ids.MANAGED_HSM)


def _left(resources: Iterable[ReviewedResource]) -> Iterator[Value]:
    """The accounts whose binding is deleted, or goes to another account."""
    for one in resources:
        if one.kind is Kind.BINDING and one.live:
            id = one.live.text("accountId")
            if one.deleted or (one.planned and folded(one.planned.text("accountId")) != folded(id)):
                yield id


def _superseded(resources: Iterable[ReviewedResource]) -> Iterator[tuple[str, str | None]]:
    """Vault and identity of each standalone access policy. The policy's own state counts, not its entry in
    the vault's list, which may be old: if a vault's inputs did not change, a refresh's JSON shows the outputs
    of the state (pkg/backend/display/json.go of pulumi 3.259), and azure-native leaves the list out of the
    inputs; it makes no policy where the list still has an entry (custom_keyvault_accesspolicy.go)."""
    for one in resources:
        if one.kind is Kind.ACCESS_POLICY and not one.released:
            for state in filter(None, (one.live or one.recorded, one.planned)):
                for grant in access.of_policies(state, state.stated("policy"), state.text("vaultName"), None):
                    yield grant.scope, folded(grant.principal)


def _revoked(
    resources: Iterable[ReviewedResource], moment: Moment
) -> Iterator[tuple[ReviewedResource, Revocation]]:
    for one in resources:
        if one.kind is Kind.REVOCATION:
            state = getattr(one, moment.value) or (one.live if moment is Moment.PLANNED else None)
            if state:
                yield one, Revocation.of(state)


def _overwritten(resources: Iterable[ReviewedResource]) -> Iterator[tuple[str, str | None]]:
    """Access that a vault's own list removes, although a resource of its own still declares it."""
    for one in resources:
        if one.kind is not Kind.VAULT or one.op != "update" or not one.live or not one.planned:
            continue
        declared = values.prop(one.planned.written, _POLICIES)
        before, after = items(one.live.found(_POLICIES)), items(declared)
        if declared is None or isinstance(before, Mark) or isinstance(after, Mark):
            continue
        had, kept = (
            [folded(text(look(entry, "objectId"))) for entry in listed] for listed in (before, after)
        )
        yield from ((f"/vaults/{folded(one.planned.azure_name)}", id) for id in had if id not in kept)


def _perhaps(one: ReviewedResource) -> Iterator[tuple[str, ReviewedGrant]]:
    """Who goes from a vault's own list, with each new entry of it that may be theirs: its identity is not
    known yet."""
    if one.kind is not Kind.VAULT or not one.live or not one.planned:
        return
    lists = [items(one.live.found(_POLICIES)), items(one.planned.stated(_POLICIES))]
    before, after = ([] if isinstance(found, Mark) else found for found in lists)
    new = [entry for entry in after if entry not in before]
    had, has, added = (
        access.of_policies(one.planned, entries, one.planned.azure_name, None)
        for entries in (before, after, new)
    )
    kept = {folded(grant.principal) for grant in has}
    for holder in sorted({id for grant in had if (id := folded(grant.principal)) and id not in kept}):
        for grant in added:
            if isinstance(grant.principal, Mark):
                yield holder, replace(grant, uncertain=grant.uncertain or access.LATER)


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
