"""All resources of one moment, and which belong together.

They are joined by ARM ids, by names that Azure makes ids from, or, for values that only the update knows, by
the engine's property dependencies; never by logical names.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from core import arm_ids, key_uris
from core.resource_types import NAME_INPUTS
from review import access, keys
from review.access import ReviewedGrant, Revocation
from review.kinds import Kind
from review.resource import ReviewedResource, ReviewedState, arm_name
from review.values import Mark, Value, flag, folded, items, look, text

Entry = tuple[ReviewedResource, ReviewedState]
_GRANTS: Final = {Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT}


class Moment(Enum):
    """When: in Pulumi's state, in the cloud before the update, after it."""

    RECORDED = "recorded"
    LIVE = "live"
    PLANNED = "planned"


class Snapshot:
    """The resources of a preview at one moment. Made once per moment, so that a review grows linearly."""

    def __init__(self, resources: Sequence[ReviewedResource], moment: Moment) -> None:
        self.moment = moment
        self.live = moment is not Moment.PLANNED
        self._by_urn: dict[str, Entry] = {}
        self._by_kind: defaultdict[Kind, list[Entry]] = defaultdict(list)
        for resource in resources:
            state = getattr(resource, moment.value)
            if state is None and moment is Moment.PLANNED and resource.released and resource.kind in _GRANTS:
                # What leaves the stack and stays in Azure still gives access.
                state = resource.live
            if state is not None:
                self._by_urn[resource.urn] = (resource, state)
                self._by_kind[resource.kind].append((resource, state))
        self._bindings = _index(self._by_kind[Kind.BINDING], lambda state: text(state.declared("accountId")))
        self._unbound = {folded(id) for id in _left(resources)} if moment is Moment.PLANNED else set()
        self._vaults = {
            **_index(self._by_kind[Kind.VAULT], lambda state: arm_name(state, "vaultName")),
            **_index(self._by_kind[Kind.MANAGED_HSM], _hsm_place),
        }
        self._keys = _index(self._by_kind[Kind.KEY], lambda state: arm_name(state, "keyName"))
        self._logs = _index(
            self._by_kind[Kind.DIAGNOSTIC_SETTING], lambda state: text(state.declared("resourceUri"))
        )
        self._identities = _index(self._by_kind[Kind.USER_ASSIGNED_IDENTITY], lambda state: state.id or None)
        self._endpoints = _targets(self._by_kind[Kind.PRIVATE_ENDPOINT])
        revoked = [
            Revocation.of(state)
            for one in resources
            if one.kind is Kind.REVOCATION
            and (state := getattr(one, moment.value) or (one.live if not self.live else None))
        ]
        self._grants = self._all_grants(set(_superseded(resources)), revoked)

    def state(self, urn: str) -> ReviewedState | None:
        """The state of a resource; None when it is not there at this moment."""
        entry = self._by_urn.get(urn)
        return entry[1] if entry else None

    def of(self, kind: Kind) -> list[Entry]:
        return self._by_kind[kind]

    def binding_of(self, urn: str, id: Value) -> Entry | None:
        """The binding of an account."""
        return self._joined(self._bindings, id, urn, "accountId")

    def unbinds(self, id: Value) -> bool:
        """Whether this update takes an account's binding away, so that its own inputs no longer count."""
        return folded(id) in self._unbound

    def vault_named(self, name: Value) -> Entry | None:
        """A vault by its name, which is unique in Azure."""
        return next(iter(self._vaults.get(folded(name) or "", ())), None)

    def vault_names(self) -> Iterator[tuple[str, str]]:
        """The folded name and the ARM id of each vault of this stack; the id empty where it is not known."""
        for name, entries in self._vaults.items():
            if name:
                yield name, entries[0][1].id

    def key_in(self, vault: Value, name: Value) -> Entry | None:
        """A key of a vault."""
        for entry in self._keys.get(folded(name) or "", ()):
            if folded(self.vault_name_of(entry[1])) == folded(vault):
                return entry
        return None

    def vault_name_of(self, key: ReviewedState) -> Value:
        """The name of the vault that a key is in."""
        parts = key.id.split("/")
        if len(parts) >= 3 and parts[-2].lower() == "keys":
            return parts[-3]
        name = text(key.declared("vaultName"))
        if name is Mark.UNKNOWN:
            vault = self._needed(key, Kind.VAULT, "vaultName")
            return arm_name(vault[1], "vaultName") if vault else name
        return name

    def bound_key(self, resource: ReviewedResource, state: ReviewedState) -> keys.ReviewedKey | Mark | None:
        """The key that an account, or a binding, puts the data under."""
        if resource.kind is Kind.BINDING:
            version = self._needed(state, Kind.KEY_VERSION, "keyUriWithVersion")
            key = keys.of_binding(state, live=self.live, key_version=version[1] if version else None)
        else:
            found = keys.of_account(state, live=self.live)
            if not isinstance(found, keys.ReviewedKey):
                return found
            version, key = self._needed(state, Kind.KEY_VERSION, "properties"), found
        return self._completed(key, version)

    def _completed(self, key: keys.ReviewedKey, version: Entry | None) -> keys.ReviewedKey:
        if key.name is not Mark.UNKNOWN or version is None:
            return key
        made = self._needed(version[1], Kind.KEY, "keyId")
        if made is None:
            return key
        return keys.ReviewedKey(
            self.vault_name_of(made[1]), arm_name(made[1], "keyName"), Mark.UNKNOWN, key.identity
        )

    def grants_of(
        self, urns: Iterable[str], principals: Iterable[Value], awaited: Container[str]
    ) -> tuple[ReviewedGrant, ...]:
        """What these identities may do.

        Where an identity is not made yet, a grant counts that is made from one of `urns` or is in `awaited`.
        """
        known = {id for one in principals if (id := folded(one)) is not None}
        owners = tuple(urns)
        found = [grant for id in sorted(known) for grant in self._grants.get(id, ())]
        for grant in self._grants.get("", ()):
            state = self.state(grant.urn)
            made_from = state and any(state.needs(urn, "policy", "principalId") for urn in owners)
            if made_from or grant.urn in awaited:
                found.append(grant)
        return tuple(found)

    def grants(self) -> Iterator[ReviewedGrant]:
        """Every grant, whoever it is for."""
        for found in self._grants.values():
            yield from found

    def uses_roles(self, vault: Value) -> bool | Mark | None:
        """Whether a vault uses role assignments and not access policies; None where that is not known.

        No longer declaring it means access policies (Vault 2024-11-01).
        """
        entry = self.vault_named(vault)
        if entry is None:
            return None
        state, path = entry[1], "properties.enableRbacAuthorization"
        if self.live:
            return flag(state.found(path))
        declared = flag(look(state.inputs, path))
        if declared is None and look(state.before, path) is not None:
            return False
        return flag(look(state.carried, path)) if declared is None else declared

    def identity(self, id: Value) -> Entry | None:
        """A user-assigned identity of this stack."""
        return next(iter(self._identities.get(folded(id) or "", ())), None)

    def logs_of(self, urn: str, id: Value) -> list[ReviewedState]:
        """The diagnostic settings of a resource."""
        known = self._logs.get(folded(id) or "\0", [])
        made = [entry for entry in self._logs.get("", ()) if entry[1].needs(urn, "resourceUri")]
        return [state for _, state in (*known, *made)]

    def private_endpoints_of(self, id: Value) -> int:
        """How many private endpoints of this stack lead to a resource."""
        return self._endpoints.get(folded(id) or "", 0)

    def needed_identities(self, account: ReviewedState) -> list[Entry]:
        """The user-assigned identities whose ids an account's `identity` is made from."""
        return [
            entry for entry in self.of(Kind.USER_ASSIGNED_IDENTITY) if account.needs(entry[0].urn, "identity")
        ]

    def _needed(self, state: ReviewedState, kind: Kind, property: str) -> Entry | None:
        for urn in state.dependencies.get(property) or ():
            entry = self._by_urn.get(urn)
            if entry and entry[0].kind is kind:
                return entry
        return None

    def _joined(self, index: Mapping[str, list[Entry]], id: Value, urn: str, property: str) -> Entry | None:
        known = index.get(folded(id) or "\0")
        if known:
            return known[0]
        return next((entry for entry in index.get("", ()) if entry[1].needs(urn, property)), None)

    def _all_grants(
        self, taken: Container[tuple[str, str | None]], revoked: Sequence[Revocation]
    ) -> Mapping[str, list[ReviewedGrant]]:
        """The grants by folded object id. An entry that a read found in a vault's list does not count if
        `taken` has its vault and identity, or if a revocation in `revoked` removes it, because the read may
        be old."""
        grants: defaultdict[str, list[ReviewedGrant]] = defaultdict(list)
        overwritten = set(self._overwritten())
        for resource, state in self.of(Kind.ACCESS_POLICY):
            named = text(state.declared("vaultName"))
            grant = self._placed(access.of_access_policy(resource.urn, state, self._tenant(named)), state)
            if (grant.scope, folded(grant.principal)) not in overwritten:
                grants[folded(grant.principal) or ""].append(grant)
        for resource, state in self.of(Kind.ROLE_ASSIGNMENT):
            grant = self._placed(access.of_role_assignment(resource.urn, state), state)
            grants[folded(grant.principal) or ""].append(grant)
        for resource, state in self.of(Kind.VAULT):
            # What is declared is what a write sends; what is not declared stays as it is.
            path = "properties.accessPolicies"
            entries = state.found(path) if self.live else state.declared(path)
            declares = look(state.inputs, path) is not None
            name, tenant = arm_name(state, "vaultName"), text(state.declared("properties.tenantId"))
            for grant in access.inline(resource.urn, entries, name, tenant):
                id = folded(grant.principal)
                found = (grant.scope, id) not in taken and not any(one.takes(grant, "") for one in revoked)
                if id and (declares or found):
                    grants[id].append(grant)
        for one, state in self.of(Kind.REVOCATION):
            if one.written and not self.live:
                # The revocation removes declared access, too, when the update writes it.
                now = Revocation.of(state)
                for id, given in grants.items():
                    grants[id] = [each for each in given if not now.takes(each, self._by_urn[each.urn][1].id)]
        return grants

    def _tenant(self, vault: Value) -> Value:
        entry = self.vault_named(vault)
        return text(entry[1].declared("properties.tenantId")) if entry else None

    def _placed(self, grant: ReviewedGrant, state: ReviewedState) -> ReviewedGrant:
        """A grant on what this update makes: its scope is not known yet, but what it is made from is."""
        if grant.scope:
            return grant
        key = self._needed(state, Kind.KEY, "scope")
        vault = self._needed(state, Kind.VAULT, "vaultName") or self._needed(state, Kind.VAULT, "scope")
        made = arm_name(vault[1], "vaultName") if vault else None
        name = folded(self.vault_name_of(key[1]) if key else made)
        if name is None:
            return grant
        key_name = folded(arm_name(key[1], "keyName")) if key else None
        return replace(grant, scope=f"/vaults/{name}" + (f"/keys/{key_name}" if key_name else ""))

    def _overwritten(self) -> Iterator[tuple[str, str | None]]:
        """Access that a vault's own list removes, although a resource of its own still declares it."""
        if self.live:
            return
        for resource, state in self.of(Kind.VAULT):
            declared = items(look(state.inputs, "properties.accessPolicies"))
            before = items(resource.live.found("properties.accessPolicies")) if resource.live else None
            if resource.op != "update" or not isinstance(declared, list) or not isinstance(before, list):
                continue
            kept = {folded(text(look(entry, "objectId"))) for entry in declared}
            for entry in before:
                id = folded(text(look(entry, "objectId")))
                if id not in kept:
                    yield f"/vaults/{folded(arm_name(state, 'vaultName'))}", id


def _index(entries: Iterable[Entry], by: Callable[[ReviewedState], Value]) -> Mapping[str, list[Entry]]:
    """Entries by a folded value; those whose value is not known, under the empty text."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[folded(by(entry[1])) or ""].append(entry)
    return found


def _hsm_place(state: ReviewedState) -> str:
    """The name of a managed HSM, in the form that no vault's name has."""
    name = arm_name(state, NAME_INPUTS[Kind.MANAGED_HSM])
    return key_uris.place_named(name if isinstance(name, str) else "", arm_ids.MANAGED_HSM)


def _left(resources: Iterable[ReviewedResource]) -> Iterator[Value]:
    """The accounts whose binding is deleted, or goes to another account."""
    for one in resources:
        if one.kind is Kind.BINDING and one.live:
            id = text(one.live.declared("accountId"))
            if one.deleted or (one.planned and folded(text(one.planned.declared("accountId"))) != folded(id)):
                yield id


def _superseded(resources: Iterable[ReviewedResource]) -> Iterator[tuple[str, str | None]]:
    """Vault and identity of each standalone access policy. The policy's own state counts, not its entry in
    the vault's list, which may be old: if a vault's inputs did not change, a refresh's JSON shows the outputs
    of the state (pkg/backend/display/json.go of pulumi 3.259), and azure-native leaves the list out of the
    inputs; it makes no policy where the list still has an entry (custom_keyvault_accesspolicy.go)."""
    for one in resources:
        if one.kind is Kind.ACCESS_POLICY and not one.released:
            for state in filter(None, (one.live or one.recorded, one.planned)):
                grant = access.of_access_policy(one.urn, state)
                yield grant.scope, folded(grant.principal)


def _targets(entries: Iterable[Entry]) -> Mapping[str, int]:
    """How many private endpoints lead to each resource, by its folded id."""
    count: defaultdict[str, int] = defaultdict(int)
    for _, state in entries:
        for path in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            connections = items(state.declared(path))
            for connection in connections if isinstance(connections, list) else ():
                id = folded(text(look(connection, "privateLinkServiceId")))
                if id:
                    count[id] += 1
    return count
