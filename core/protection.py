"""How the data of each account of a stack is protected: which key it uses, by whose identity, by which grant.

Joins accounts, bindings, keys, vaults, identities and grants by value where values are known, otherwise by
dependency. Judges nothing: `demands` and `rights` do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from core import adapters, arm_ids, key_uris, values
from core.arm_ids import MalformedError
from core.effects import UsedKey
from core.facts import GROUPS, StatedEncryption, StatedPolicyEntry
from core.grants import Grant, KeyLocation, assignment_of, entries_of, key_scope
from core.resource_types import Kind
from core.stack import Stack, StackResource
from core.values import Hidden, Shown, Value

_GRANTED_TO: Final = ("policy", "principalId", "properties")
"""The inputs of a grant that hold its holder's id."""


def encryption_of(account: StackResource) -> StatedEncryption:
    """The encryption that an account states; Microsoft-managed keys where it states none."""
    return adapters.stated_encryption(account.input("encryption"))


@dataclass(frozen=True, eq=False, kw_only=True)
class AccountProtection(KeyLocation):
    """One account's use of a customer-managed key: by a binding, or stated in the account itself.

    `writer` is the binding, or the account itself; `account` is None when it is no resource of this stack.
    `version` is None where none is stated; `client_id` is that of the user-assigned identity that uses the
    key, None for the account's own.
    """

    writer: StackResource
    account: StackResource | None
    version: Value
    client_id: Value

    @property
    def kind(self) -> Value:
        """The kind of the account; None if it is no resource of this stack."""
        return values.name(self.account.input("kind")) if self.account else None

    @property
    def used(self) -> UsedKey:
        """The key and its version alone."""
        return UsedKey(self.vault_name, self.key_name, self.version)

    @property
    def newest(self) -> str | None:
        """The version that the vault names as the key's current one, lower case; None where that is not
        known."""
        current = _key_of(values.name(self.key.output("keyUriWithVersion"))) if self.key else None
        return current.version.lower() or None if current else None


class Protections:
    """The protections of a stack's accounts, and the grants that open their keys; each join is made once."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    # Which account uses which key

    @cached_property
    def bindings_by_account(self) -> dict[str, list[StackResource]]:
        """The bindings of each account, by the account's URN, else by the id they name."""
        found: dict[str, list[StackResource]] = {}
        for binding in self.stack.of(Kind.BINDING):
            account = self.stack.target(binding, Kind.ACCOUNT, "accountId")
            place = values.known_name(binding.output("accountId")).lower()
            if account:
                place = account.urn
            if place:
                found.setdefault(place, []).append(binding)
        return found

    @cached_property
    def has_unplaced_binding(self) -> bool:
        """Whether the account of some binding is not known."""
        return sum(map(len, self.bindings_by_account.values())) < len(self.stack.of(Kind.BINDING))

    def inline(self, account: StackResource) -> StatedEncryption:
        """The encryption that the program itself states for an account; not what it ignores."""
        if account.leaves_encryption:
            return StatedEncryption()
        return encryption_of(account)

    @cached_property
    def all(self) -> list[AccountProtection]:
        """Every use of a customer-managed key that is known."""
        bound = [self.use_by_binding(binding) for binding in self.stack.of(Kind.BINDING)]
        stated = [self.inline_use(account) for account in self.stack.of(Kind.ACCOUNT)]
        return bound + [key for key in stated if isinstance(key, AccountProtection)]

    def users_of(self, key: StackResource) -> list[Value]:
        """The kind of each account that uses a key; None for one of another stack, or that states none."""
        return [use.kind for use in self.all if use.key is key]

    def users_by(self, grant: StackResource) -> list[Value]:
        """The kind of each account that uses its key by a grant, as `users_of` has it."""
        return [use.kind for use in self.all if any(used.resource is grant for used in self.grants_of(use))]

    def said(self, resource: StackResource, name: str) -> object:
        """The value of a property that an update may change."""
        return resource.output(name)

    def use_by_binding(self, binding: StackResource) -> AccountProtection:
        """The use of a key by a binding.

        The version is unknown if the update makes it, or if the URI is malformed; it is secret if the URI
        is. The names of key and vault then come from the resource that makes the version.
        """
        uri = values.name(self.said(binding, "keyUriWithVersion"))
        key, vault_name, key_name = self._key_from(binding, "keyUriWithVersion")
        vault: StackResource | None = None
        version: Value
        if parsed := _key_of(uri):
            vault_name, key_name = key_uris.place(parsed.vault_uri), parsed.name.lower()
            version = parsed.version or None
        else:
            hidden = uri if isinstance(uri, Hidden) else Hidden.UNKNOWN
            version = hidden
            vault = self.stack.target(binding, Kind.VAULT, "vaultId")
            vault_id = values.name(self.said(binding, "vaultId"))
            if isinstance(vault_name, Hidden) and isinstance(vault_id, str):
                vault_name = key_uris.place_of(vault_id)
            if vault_name is Hidden.UNKNOWN:
                vault_name = hidden
            if key_name is Hidden.UNKNOWN:
                key_name = hidden
        return self._use(
            key,
            vault,
            writer=binding,
            account=self.stack.target(binding, Kind.ACCOUNT, "accountId"),
            vault_name=vault_name,
            key_name=key_name,
            version=version,
            client_id=values.name(binding.input("identityClientId")),
        )

    def inline_use(self, account: StackResource) -> AccountProtection | Hidden | None:
        """The use of a key that an account states itself; a mark if it does not show whether it states
        one."""
        encryption = self.inline(account)
        if isinstance(encryption.key_source, Hidden):
            return encryption.key_source
        if not encryption.is_customer_managed:
            return None
        place: Value = encryption.key_vault_uri or None
        name = _lower(encryption.key_name or None)
        if isinstance(place, str):
            place = key_uris.place(place) or key_uris.vault_host(place).split(".")[0]
        key, its_place, its_name = self._key_from(account, "properties")
        if name is Hidden.UNKNOWN and (key or isinstance(its_name, str)):
            place, name = its_place, its_name
        return self._use(
            key,
            self.stack.source(account, Kind.VAULT, "properties"),
            writer=account,
            account=account,
            vault_name=place,
            key_name=name,
            version=encryption.key_version or None,
            client_id=encryption.identity_client_id or None,
        )

    def _use(self, key: StackResource | None, other: StackResource | None, **more: Any) -> AccountProtection:
        """A use of a key with the key and its vault in the stack: by their names, else the key that the use
        comes from, and `other` for its vault."""
        vault = self.stack.named(Kind.VAULT, more["vault_name"])
        if vault is None and key:
            vault = self.stack.above(key)
        key = key or self._keys.get((more["vault_name"], more["key_name"]))
        return AccountProtection(vault=vault or other, key=key, **more)

    def use_of(self, account: StackResource) -> AccountProtection | Hidden | None:
        """An account's use of a key: by its binding, else as it states itself."""
        if bindings := self.bindings_by_account.get(account.urn):
            return self.use_by_binding(bindings[0])
        return self.inline_use(account)

    def _key_from(self, resource: StackResource, name: str) -> tuple[StackResource | None, Value, Value]:
        """The key that an input comes from, with the names of its vault and of the key: a key version names
        them by its key's id."""
        version = self.stack.source(resource, Kind.KEY_VERSION, name)
        if version is None:
            key = self.stack.source(resource, Kind.KEY, name)
            return key, *self._names_of(key)
        key = self.stack.target(version, Kind.KEY, "keyId")
        try:
            named = arm_ids.key_id(values.known_name(version.output("keyId")))
        except MalformedError:
            return key, *self._names_of(key)
        return key, key_uris.place_of(named.parent.text), named.name.lower()

    def _names_of(self, key: StackResource | None) -> tuple[Value, Value]:
        """The names of a key's vault and of the key."""
        if key is None:
            return Hidden.UNKNOWN, Hidden.UNKNOWN
        vault = self.stack.above(key)
        return _lower(vault.azure_name if vault else key.text("vaultName")), _lower(key.azure_name)

    def place_of(self, key: StackResource) -> KeyLocation:
        """Where a key of the stack is."""
        place, name = self._names_of(key)
        return KeyLocation(vault=self.stack.above(key), vault_name=place, key=key, key_name=name)

    @cached_property
    def _keys(self) -> dict[tuple[Value, Value], StackResource]:
        return {self._names_of(key): key for key in reversed(self.stack.of(Kind.KEY))}

    def vault_hosts(self, use: AccountProtection) -> set[str]:
        """The host of the vault of a key, where its URI is known; else its names; none where nothing shows
        them."""
        uris: list[object] = []
        if use.writer.kind is Kind.BINDING:
            uris.append(self.said(use.writer, "keyUriWithVersion"))
        else:
            uris.append(self.inline(use.writer).key_vault_uri)
        if use.vault:
            uris.append(use.vault.output("vaultUri"))
        for uri in map(values.known_name, uris):
            if key_uris.place(uri):
                return {key_uris.vault_host(uri)}
        names: set[str] = set()
        if isinstance(use.vault_name, str):
            names.add(use.vault_name)
        if use.vault:
            names |= self.stack.names_of(use.vault)
        return names

    # Who uses it

    def holders_of(self, use: AccountProtection) -> list[StackResource]:
        """The identities that may use the key; none when they are not part of the stack."""
        if use.client_id is None:
            return [use.account] if use.account else []
        named = self.named_identities(use)
        if not named and use.writer is use.account:
            return self._identities_from(use.writer, "identity")
        return named

    def named_identities(self, use: AccountProtection) -> list[StackResource]:
        """The user-assigned identities of the stack that are named for a key: by client id or, if that is not
        known yet, by the resources that it comes from."""
        if known := self._identity_by_client.get(values.folded(use.client_id)):
            return [known]
        if use.writer.kind is Kind.BINDING:
            return self._identities_from(use.writer, "identityClientId")
        return self._identities_from(use.writer, "properties")

    def attached_identities(self, account: StackResource) -> tuple[list[StackResource], bool]:
        """The user-assigned identities of the stack that an account has, and whether these are all."""
        ids, made = (
            adapters.stated_identity(account.declared).attached,
            self._identities_from(account, "identity"),
        )
        found = [self.stack.by_id[id] for id in sorted(ids or ()) if id in self.stack.by_id]
        whole = len(account.sources.get("identity", ())) == len(made)
        return found + made, len(found) == len(ids or ()) and whole and (bool(made) or ids is not None)

    def _identities_from(self, resource: StackResource, *names: str) -> list[StackResource]:
        return self.stack.sources(resource, *names, kinds=(Kind.USER_ASSIGNED_IDENTITY,))

    @cached_property
    def _identity_by_client(self) -> dict[str | None, StackResource]:
        identities = self.stack.of(Kind.USER_ASSIGNED_IDENTITY)
        clients = {
            values.folded(values.name(identity.output("clientId"))): identity for identity in identities
        }
        return {client: one for client, one in clients.items() if client}

    # What lets it

    @cached_property
    def grants(self) -> list[Grant]:
        """Every grant on keys in the stack that counts."""
        found: list[Grant] = []
        for one in self.stack.of(Kind.ACCESS_POLICY):
            found += self.entries(one, self.stack.above(one), entries_of(one.kind, one.declared))
        found += map(self._role, self.stack.of(Kind.ROLE_ASSIGNMENT))
        for vault in self.stack.of(Kind.VAULT):
            found += self.listed_in(vault)
        return [grant for grant in found if self.counts(grant)]

    def counts(self, grant: Grant) -> bool:
        """Whether nothing else in the stack takes a grant away."""
        return True

    def listed_in(self, vault: StackResource) -> Iterable[Grant]:
        """The grants in a vault's own list."""
        if not self.declares_policies(vault):
            return []
        return self.entries(vault, vault, entries_of(vault.kind, vault.declared))

    def declares_policies(self, vault: StackResource) -> bool | None:
        """Whether the program itself states a vault's access policies; None when that is not known. An empty
        list is stated, too: with it the next write of the vault takes every policy away.

        Without the vault's inputs, entries that no separate resource makes are taken for its own.
        """
        if vault.inputs is not None:
            stated = vault.input("accessPolicies")
            if isinstance(stated, Hidden):
                return None
            return stated is not None
        entries = entries_of(Kind.VAULT, vault.outputs)
        if any(isinstance(entry.on(GROUPS[0]), Hidden) for entry in entries):
            return None
        others = {
            entry.object_id
            for policy in self.stack.of(Kind.ACCESS_POLICY)
            for entry in entries_of(policy.kind, policy.outputs)
        }
        return any(entry.object_id not in others for entry in entries)

    def entries(
        self, resource: StackResource, vault: StackResource | None, entries: Iterable[StatedPolicyEntry]
    ) -> Iterator[Grant]:
        """The grants of access policies in a vault."""
        name, tenant = resource.text("vaultName"), None
        if vault:
            name, tenant = vault.azure_name, vault.text("tenantId")
        place = KeyLocation(vault=vault, vault_name=_lower(name))
        for entry in entries:
            holder = entry.object_id or None
            yield Grant(resource=resource, principal=holder, entry=entry, tenant=tenant, **vars(place))

    def _role(self, resource: StackResource) -> Grant:
        stated = assignment_of(resource)
        place = self._place_of_role(resource, stated.scope)
        holder = stated.principal_id or None
        return Grant(resource=resource, principal=holder, assignment=stated, **vars(place))

    def _place_of_role(self, assignment: StackResource, scope: Shown) -> KeyLocation:
        """The place that a role's scope names, or the resource that its scope comes from."""
        if scope and isinstance(scope, str):
            name, key_name = key_scope(scope)
            return KeyLocation(vault=self.stack.named(Kind.VAULT, name), vault_name=name, key_name=key_name)
        if key := self.stack.source(assignment, Kind.KEY, "scope"):
            vault = self.stack.source(assignment, Kind.VAULT, "scope") or self.stack.above(key)
            its_name = _lower(key.azure_name)
        else:
            vault, its_name = self.stack.source(assignment, Kind.VAULT, "scope"), None
        place: Value = Hidden.UNKNOWN
        if vault:
            place = _lower(vault.azure_name)
        return KeyLocation(vault=vault, vault_name=place, key=key, key_name=its_name)

    @cached_property
    def by_principal(self) -> dict[str, list[Grant]]:
        """Every grant by the object id of whom it is for, lower case; by "" where that is not known."""
        found: dict[str, list[Grant]] = {}
        for grant in self.grants:
            found.setdefault(values.folded(grant.principal) or "", []).append(grant)
        return found

    @cached_property
    def _grants_by_source(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = {}
        for grant in self.grants:
            for source in self.stack.sources(grant.resource, *_GRANTED_TO):
                found.setdefault(source.urn, []).append(grant)
        return found

    def grants_of(self, use: AccountProtection) -> list[Grant]:
        """The grants to the identity that uses a key, on its vault and key where both sides are known.

        A principal that is known decides by itself; one that is not, on either side, by where the value
        comes from.
        """
        found: list[Grant] = []
        for holder in self.holders_of(use):
            principal = values.folded(principal_of(holder))
            found += self.by_principal.get(principal, []) if principal else []
            # A vault's own list has entries for others, too; what its properties depend on tells of none of
            # them.
            found += (
                grant
                for grant in self._grants_by_source.get(holder.urn, [])
                if not (isinstance(grant.principal, str) and (principal or grant.is_listed))
            )
        return [grant for grant in found if self.reaches(grant, use)]

    def may_be_another(self, use: AccountProtection) -> bool:
        """Whether this preview does not know the id of the existing identity that uses the key, so that a
        grant on the vault to a known holder may be that identity's."""
        if not any(
            holder.exists and principal_of(holder) is Hidden.UNKNOWN for holder in self.holders_of(use)
        ):
            return False
        return any(isinstance(grant.principal, str) and self.reaches(grant, use) for grant in self.grants)

    def made_for(self, use: AccountProtection) -> list[Grant]:
        """The grants of their own that take their holder from the identity that uses a key, whatever object
        id that gave them."""
        made = (
            grant for holder in self.holders_of(use) for grant in self._grants_by_source.get(holder.urn, [])
        )
        return [grant for grant in made if not grant.is_listed and self.reaches(grant, use)]

    def identities_behind(self, grant: Grant) -> list[StackResource]:
        """The accounts and identities that an unknown principal comes from."""
        if isinstance(grant.principal, str):
            return []
        kinds = (Kind.ACCOUNT, Kind.USER_ASSIGNED_IDENTITY)
        return self.stack.sources(grant.resource, *_GRANTED_TO, kinds=kinds)

    # Where a grant reaches

    def reaches(self, grant: Grant, place: KeyLocation) -> bool:
        """Whether a grant counts for a key or a vault, or may. A role on one key gives no access to another
        key of the vault."""
        return may_be_same(grant, place) and self.scope_covers_vault(grant, place) is not False

    def scope_covers_vault(self, grant: Grant, place: KeyLocation) -> bool | Hidden:
        """Whether the scope of a role assignment above all vaults, such as a resource group, covers the vault
        of a key. True of any other grant: it names its vault or key."""
        assignment, vault = grant.resource, place.vault
        if grant.entry is not None or not self.is_above_vaults(assignment):
            return True
        if vault is None:
            return Hidden.UNKNOWN
        if not (scope := grant.assigned_at):
            return self._scope_is_group_of(assignment, vault)
        vault_id = values.name(vault.output("id"))
        if isinstance(vault_id, str):
            return arm_ids.covers(scope, vault_id)
        # The vault has no id yet; its subscription is taken to be the scope's.
        if not arm_ids.subscription_of(scope):
            return arm_ids.is_above_subscriptions(scope)
        segments = arm_ids.segments(scope)
        if "providers" in segments:
            return False
        if "resourcegroups" not in segments:
            return True
        group = values.known_name(vault.input("resourceGroupName")).lower()
        if not group:
            return Hidden.UNKNOWN
        return segments["resourcegroups"] == group

    def _scope_is_group_of(self, assignment: StackResource, vault: StackResource) -> bool | Hidden:
        """Whether the scope of a role assignment, which is not known yet, is the resource group of a vault,
        by the resources from which both come."""
        scope_group = self.stack.source(assignment, Kind.RESOURCE_GROUP, "scope")
        vault_group = self.stack.source(vault, Kind.RESOURCE_GROUP, "resourceGroupName")
        if scope_group and vault_group:
            return scope_group is vault_group
        if not scope_group and self.stack.sources(assignment, "scope"):
            return False
        return Hidden.UNKNOWN

    def is_above_vaults(self, assignment: StackResource) -> bool:
        """Whether a role assignment's scope is neither a vault nor a key: its scope names none, or, if it is
        not known yet, comes from none."""
        scope = assignment_of(assignment).scope
        if scope and isinstance(scope, str):
            return key_scope(scope)[0] is None
        return not self.stack.sources(assignment, "scope", kinds=(Kind.VAULT, Kind.KEY))


def principal_of(holder: StackResource) -> Value:
    """The object id of an account's own identity, or of a user-assigned one."""
    if holder.kind is Kind.ACCOUNT:
        return adapters.stated_identity(holder.outputs).principal_id or None
    return values.name(holder.output("principalId"))


def may_be_same(place: KeyLocation, other: KeyLocation) -> bool:
    """Whether two places may be one: by the names of vault and key, or else by their resources."""
    same_vault = _may_be_same((place.vault_name, place.vault), (other.vault_name, other.vault))
    return same_vault and _may_be_same((place.key_name, place.key), (other.key_name, other.key))


_Named = tuple[Value, StackResource | None]
"""A vault's or a key's name, and its resource in the stack."""


def _may_be_same(one: _Named, other: _Named) -> bool:
    (name, made), (its_name, its_made) = one, other
    if isinstance(name, str) and isinstance(its_name, str):
        return name == its_name
    return made is None or its_made is None or made is its_made


def _lower(name: Value) -> Value:
    return name.lower() if isinstance(name, str) else name


def _key_of(uri: Value) -> key_uris.KeyUri | None:
    """The key that a binding names; None where it names none, which cmk-complete refuses."""
    try:
        return key_uris.parse(values.known_name(uri))
    except MalformedError:
        return None
