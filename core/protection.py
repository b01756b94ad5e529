"""How the data of each account of a stack is protected: which key it uses, through whom, and what lets it.

Joins accounts, bindings, keys, vaults, identities and grants by value where values are known, otherwise by
dependency. Judges nothing: `demands` and `rights` do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from core import arm_ids, facts, key_uris, rights, roles, values
from core.arm_ids import MalformedError
from core.resource_types import HSM_ROLE_ASSIGNMENT, Kind, parse_urn
from core.stack import Stack, StackResource
from core.values import Mark, Value

_GRANTED_TO: Final = ("policy", "principalId", "properties")
"""The inputs of a grant that its holder's id is in."""


@dataclass(frozen=True)
class StatedEncryption:
    """An account's `encryption`; `source` is lower case, and Key Vault's when it is not stated. What is
    inside a block that is not known yet is a mark."""

    source: Value
    vault_uri: Value
    key_name: Value
    key_version: Value
    client_id: Value

    @property
    def is_customer_key(self) -> bool:
        """Whether the account names a key of its own."""
        return self.source == facts.CUSTOMER_MANAGED.lower()


def encryption_of(account: StackResource) -> StatedEncryption | Mark | None:
    """The encryption that an account states; None when it states none, a mark when the whole is not known."""
    block = account.stated("encryption")
    if isinstance(block, Mark):
        return block
    if not isinstance(block, Mapping):
        return None
    names = ("keyVaultUri", "keyName", "keyVersion", "identityClientId")
    details = [values.name(values.look(block, f"keyVaultProperties.{name}")) for name in names]
    source = values.word(values.look(block, "keySource"))
    return StatedEncryption(source or facts.CUSTOMER_MANAGED.lower(), *details)


@dataclass(frozen=True)
class StatedIdentity:
    """An account's `identity`: its type as Azure compares it, lower case without spaces; what is attached:
    ids of user-assigned identities; `client_ids`, which only outputs show."""

    type: Value
    attached: tuple[str, ...] | Mark
    client_ids: frozenset[str]

    @property
    def is_system(self) -> bool:
        """Whether the account has an identity of its own."""
        return isinstance(self.type, str) and "systemassigned" in self.type.split(",")

    @property
    def is_user(self) -> bool:
        """Whether identities made elsewhere are attached."""
        return isinstance(self.type, str) and "userassigned" in self.type.split(",")


def identity_of(bag: object) -> StatedIdentity:
    """The identity in an account's properties. Inputs list user-assigned ids; outputs map them to what Azure
    says of each."""
    assigned = values.look(bag, "identity.userAssignedIdentities")
    ids = values.items(assigned)
    known = isinstance(ids, Mark) or Mark.UNKNOWN in ids
    clients = (
        () if isinstance(ids, Mark) else (values.step(values.step(assigned, id), "clientId") for id in ids)
    )
    return StatedIdentity(
        type=values.word(values.look(bag, "identity.type")),
        attached=Mark.UNKNOWN if known else tuple(str(id) for id in ids),  # type: ignore[union-attr]
        client_ids=frozenset(one.lower() for one in clients if isinstance(one, str)),
    )


@dataclass(frozen=True)
class StatedPolicyEntry:
    """One entry of a vault's access policies. `permissions` are lower case, by what they are on."""

    holder: Value
    tenant_id: Value
    application_id: Value
    permissions: Mapping[str, frozenset[str] | Mark]

    @property
    def keys(self) -> frozenset[str] | Mark:
        """The permissions on keys, as they are stated."""
        return self.permissions["keys"]

    @property
    def given(self) -> frozenset[str] | Mark:
        """The permissions on keys that the entry gives its holder by itself."""
        if isinstance(self.keys, Mark) or isinstance(self.application_id, Mark):
            return Mark.UNKNOWN
        entry = facts.PolicyEntry("", tuple(self.keys), application_id=self.application_id or "")
        return rights.of_entry(entry, "")

    @property
    def who(self) -> str:
        """The holder as a message names it."""
        unknown = isinstance(self.holder, Mark)
        return "an object id that is not known yet" if unknown else values.shown(self.holder)


def entries_of(kind: Kind | None, bag: Mapping[str, object]) -> tuple[StatedPolicyEntry, ...] | Mark:
    """The entries of a vault's inline list, an AccessPolicy, or ARM's accessPolicies child."""
    single = values.look(bag, "policy") if kind is Kind.ACCESS_POLICY else None
    listed = values.items(values.prop(bag, "accessPolicies")) if single is None else [single]
    if isinstance(listed, Mark) or any(isinstance(one, Mark) for one in listed):
        return Mark.UNKNOWN
    return tuple(_entry(one) for one in listed)


def _entry(entry: object) -> StatedPolicyEntry:
    holder, tenant, application = (
        values.name(values.look(entry, name)) for name in ("objectId", "tenantId", "applicationId")
    )
    stated = {group: values.look(entry, f"permissions.{group}") for group in rights.GROUPS}
    return StatedPolicyEntry(
        holder, tenant, application, {group: _words(one) for group, one in stated.items()}
    )


def _words(value: object) -> frozenset[str] | Mark:
    items = values.items(value)
    words = items if isinstance(items, Mark) else [values.word(item) for item in items]
    if isinstance(words, Mark) or any(isinstance(one, Mark) for one in words):
        return Mark.UNKNOWN
    return frozenset(word for word in words if isinstance(word, str))


@dataclass(frozen=True, eq=False)
class Grant:
    """One identity's access: an entry of a standalone or inline access policy, or a role assignment (no
    entry). `key` and `key_name` are what a role assignment on one key alone names; None otherwise."""

    resource: StackResource
    entry: StatedPolicyEntry | None
    principal: Value
    vault: StackResource | None
    vault_name: Value
    key: StackResource | None = None
    key_name: str | None = None

    @property
    def in_managed_hsm(self) -> bool:
        """Whether it is a role of a managed HSM itself."""
        return parse_urn(self.resource.urn).type == HSM_ROLE_ASSIGNMENT

    @property
    def role_id(self) -> Value:
        """The id of the role that is assigned, lower case, whatever scope is before it."""
        return role_of(self.resource)


def role_of(assignment: StackResource) -> Value:
    """The id of the role that an assignment gives, lower case."""
    stated = values.name(assignment.found("roleDefinitionId"))
    return roles.id_of(stated) if isinstance(stated, str) else stated


def key_scope(scope: str) -> tuple[str | None, str | None]:
    """The vault or managed HSM, and the key, that a role's scope names, in lower case; None for none."""
    ids = arm_ids.segments(scope)
    names = (arm_ids.VAULT, arm_ids.MANAGED_HSM)
    name = next((ids[one] for type in names if (one := arm_ids.name_of(type).lower()) in ids), None)
    return (key_uris.place_named(name, scope) if name else None), ids.get("keys")


@dataclass(frozen=True, eq=False)
class AccountProtection:
    """One account's use of a customer-managed key: by a binding, or stated in the account itself.

    `writer` is the binding, or the account itself; `account`, `vault` and `key` are None when they are not
    resources of this stack. `vault_name` is the vault's, or the managed HSM's as `key_uris.place` gives it;
    `client_id` that of the user-assigned identity that uses the key, None for the account's own.
    """

    writer: StackResource
    account: StackResource | None
    vault: StackResource | None
    key: StackResource | None
    vault_name: Value
    key_name: Value
    client_id: Value

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM, as far as that is known."""
        return isinstance(self.vault_name, str) and key_uris.is_hsm_place(self.vault_name)


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
            stated = values.name(binding.found("accountId"))
            key = account.urn if account else stated.lower() if isinstance(stated, str) else None
            if key is not None:
                found.setdefault(key, []).append(binding)
        return found

    @cached_property
    def has_unplaced_binding(self) -> bool:
        """Whether the account of some binding is not known."""
        placed = sum(len(bindings) for bindings in self.bindings_by_account.values())
        return placed < len(self.stack.of(Kind.BINDING))

    def inline(self, account: StackResource) -> StatedEncryption | Mark | None:
        """The encryption that the program itself states for an account; not what it ignores."""
        return None if account.leaves_encryption else encryption_of(account)

    @cached_property
    def all(self) -> list[AccountProtection]:
        """Every use of a customer-managed key that is known."""
        bound = [self._bound(binding) for binding in self.stack.of(Kind.BINDING)]
        stated = [self._stated(account) for account in self.stack.of(Kind.ACCOUNT)]
        return bound + [one for one in stated if one is not None]

    def _bound(self, binding: StackResource) -> AccountProtection:
        uri, id = (values.name(binding.found(name)) for name in ("keyUriWithVersion", "vaultId"))
        named = _key_of(uri)
        if isinstance(uri, Mark):
            name: Value = key_uris.place_of(id) if isinstance(id, str) else uri
        else:
            name = key_uris.place(named.vault_uri) if named else None
        key = self._key_from(binding, "keyUriWithVersion")
        return AccountProtection(
            writer=binding,
            account=self.stack.target(binding, Kind.ACCOUNT, "accountId"),
            vault=self.stack.target(binding, Kind.VAULT, "vaultId") or self._vault_from(key, name),
            key=key,
            vault_name=name,
            key_name=uri if isinstance(uri, Mark) else named.name.lower() if named else None,
            client_id=values.name(binding.stated("identityClientId")),
        )

    def _stated(self, account: StackResource) -> AccountProtection | None:
        encryption = self.inline(account)
        if not isinstance(encryption, StatedEncryption) or not encryption.is_customer_key:
            return None
        uri, name = encryption.vault_uri, encryption.key_name
        place = key_uris.place(uri) if isinstance(uri, str) else uri
        key = self._key_from(account, "properties")
        return AccountProtection(
            writer=account,
            account=account,
            vault=self._vault_from(key, place) or self.stack.source(account, Kind.VAULT, "properties"),
            key=key,
            vault_name=place,
            key_name=name.lower() if isinstance(name, str) else name,
            client_id=encryption.client_id,
        )

    def _key_from(self, resource: StackResource, name: str) -> StackResource | None:
        version = self.stack.source(resource, Kind.KEY_VERSION, name)
        if version is not None:
            return self.stack.target(version, Kind.KEY, "keyId")
        return self.stack.source(resource, Kind.KEY, name)

    def _vault_from(self, key: StackResource | None, name: Value) -> StackResource | None:
        by_name = self.stack.named(Kind.VAULT, name)
        return by_name or (self.stack.vault_of(key) if key is not None else None)

    def vault_names(self, one: AccountProtection) -> set[str]:
        """The names of the vault of a key; none where nothing shows them."""
        stated = {one.vault_name} if isinstance(one.vault_name, str) else set()
        return stated | (self.stack.names_of(one.vault) if one.vault is not None else set())

    def vault_hosts(self, one: AccountProtection) -> set[str]:
        """The host of the vault of a key, where its URI is known; else its names; none where nothing shows
        them."""
        uris = [one.vault.found("vaultUri")] if one.vault else []
        if one.writer.kind is Kind.BINDING:
            uris.append(one.writer.found("keyUriWithVersion"))
        elif isinstance(stated := encryption_of(one.writer), StatedEncryption):
            uris.append(stated.vault_uri)
        hosts = {key_uris.vault_host(uri) for uri in uris if isinstance(uri, str) and key_uris.place(uri)}
        return hosts or self.vault_names(one)

    # Who uses it

    def holders_of(self, one: AccountProtection) -> list[StackResource]:
        """The identities that may use the key; none when they are not part of the stack."""
        if one.client_id is None:
            return [one.account] if one.account else []
        if named := self.named_identities(one):
            return named
        return self._identities_from(one.writer, "identity") if one.writer is one.account else []

    def named_identities(self, one: AccountProtection) -> list[StackResource]:
        """The user-assigned identities of the stack that are named for a key: by client id or, if that is not
        known yet, by the resources that it comes from."""
        if isinstance(one.client_id, str) and one.client_id.lower() in self._identity_by_client:
            return [self._identity_by_client[one.client_id.lower()]]
        is_binding = one.writer.kind is Kind.BINDING
        return self._identities_from(one.writer, "identityClientId" if is_binding else "properties")

    def attached_identities(self, account: StackResource) -> tuple[list[StackResource], bool]:
        """The user-assigned identities of the stack that an account has, and whether these are all."""
        listed = values.items(values.look(account.declared, "identity.userAssignedIdentities"))
        ids = [] if isinstance(listed, Mark) else [id.lower() for id in listed if isinstance(id, str)]
        found = [self.stack.by_id[id] for id in ids if id in self.stack.by_id]
        made = self._identities_from(account, "identity")
        whole = len(account.sources.get("identity", ())) == len(made)
        unknown = isinstance(listed, Mark) or Mark.UNKNOWN in listed
        return found + made, len(found) == len(ids) and whole and bool(made or not unknown)

    def _identities_from(self, resource: StackResource, name: str) -> list[StackResource]:
        sources = self.stack.sources(resource, name)
        return list({one.urn: one for one in sources if one.kind is Kind.USER_ASSIGNED_IDENTITY}.values())

    @cached_property
    def _identity_by_client(self) -> dict[str, StackResource]:
        return {
            client.lower(): one
            for one in self.stack.of(Kind.USER_ASSIGNED_IDENTITY)
            if isinstance(client := values.name(one.found("clientId")), str)
        }

    # What lets it

    @cached_property
    def grants(self) -> list[Grant]:
        """Every grant on keys in the stack."""
        policies = [(one, self.stack.vault_of(one)) for one in self.stack.of(Kind.ACCESS_POLICY)]
        policies += [(one, one) for one in self.stack.of(Kind.VAULT) if self.declares_policies(one)]
        found = [grant for one, vault in policies for grant in self._entries(one, vault)]
        return found + [self._role(one) for one in self.stack.of(Kind.ROLE_ASSIGNMENT)]

    def declares_policies(self, vault: StackResource) -> bool | None:
        """Whether the program itself states a vault's access policies; None when that is not known. An empty
        list is stated, too: with it the next write of the vault takes every policy away.

        Without the vault's inputs, entries that no separate resource makes are taken for its own.
        """
        if vault.inputs is not None:
            stated = vault.stated("accessPolicies")
            return None if isinstance(stated, Mark) else stated is not None
        entries = entries_of(Kind.VAULT, vault.outputs)
        if isinstance(entries, Mark):
            return None
        return any(entry.holder not in self._standalone_holders for entry in entries)

    @cached_property
    def _standalone_holders(self) -> set[Value]:
        entries = (entries_of(one.kind, one.outputs) for one in self.stack.of(Kind.ACCESS_POLICY))
        return {entry.holder for found in entries if not isinstance(found, Mark) for entry in found}

    def _entries(self, resource: StackResource, vault: StackResource | None) -> Iterator[Grant]:
        entries = entries_of(resource.kind, resource.declared)
        name = values.name(resource.found("name" if resource.kind is Kind.VAULT else "vaultName"))
        for entry in () if isinstance(entries, Mark) else entries:
            yield Grant(resource, entry, entry.holder, vault, name)

    def _role(self, one: StackResource) -> Grant:
        scope, principal = (values.name(one.found(name)) for name in ("scope", "principalId"))
        if isinstance(scope, str):
            name, key_name = key_scope(scope)
            return Grant(one, None, principal, self.stack.named(Kind.VAULT, name), name, key_name=key_name)
        key = self.stack.source(one, Kind.KEY, "scope")
        vault = self.stack.source(one, Kind.VAULT, "scope") or (self.stack.vault_of(key) if key else None)
        return Grant(one, None, principal, vault, Mark.UNKNOWN, key)

    @cached_property
    def _grants_by_principal(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = {}
        for grant in self.grants:
            if isinstance(grant.principal, str):
                found.setdefault(grant.principal.lower(), []).append(grant)
        return found

    @cached_property
    def _grants_by_source(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = {}
        for grant in self.grants:
            for urn in {source.urn for source in self.stack.sources(grant.resource, *_GRANTED_TO)}:
                found.setdefault(urn, []).append(grant)
        return found

    def grants_of(self, one: AccountProtection) -> list[Grant]:
        """The grants to the identity that uses a key, on its vault and key where both sides are known.

        A principal that is known decides by itself; one that is not, on either side, by where the value
        comes from.
        """
        found: list[Grant] = []
        for holder in self.holders_of(one):
            principal = principal_of(holder)
            if isinstance(principal, str):
                found += self._grants_by_principal.get(principal.lower(), [])
            for grant in self._grants_by_source.get(holder.urn, []):
                known = isinstance(grant.principal, str)
                # A vault's own list has entries for others, too; what its properties depend on tells of none
                # of them.
                if not (known and (isinstance(principal, str) or grant.resource.kind is Kind.VAULT)):
                    found.append(grant)
        return [grant for grant in found if self._reaches(grant, one)]

    def may_be_another(self, one: AccountProtection) -> list[Grant]:
        """Grants on the vault to holders that are known, while the id of the identity that uses the key,
        which exists, is not known in this preview: any of them may be the one."""
        if not any(holder.exists and principal_of(holder) is Mark.UNKNOWN for holder in self.holders_of(one)):
            return []
        return [
            grant for grant in self.grants if isinstance(grant.principal, str) and self._reaches(grant, one)
        ]

    def of_another_identity(self, one: AccountProtection) -> list[Grant]:
        """Grants from whoever uses the key that are for another object id than the state has of it."""
        return [
            grant
            for holder in self.holders_of(one)
            if isinstance(principal := principal_of(holder), str)
            for grant in self._grants_by_source.get(holder.urn, [])
            if grant.resource.kind is not Kind.VAULT
            and isinstance(grant.principal, str)
            and grant.principal.lower() != principal.lower()
            and self._reaches(grant, one)
        ]

    def identities_behind(self, grant: Grant) -> list[StackResource]:
        """The accounts and identities that an unknown principal comes from."""
        if isinstance(grant.principal, str):
            return []
        kinds = (Kind.ACCOUNT, Kind.USER_ASSIGNED_IDENTITY)
        sources = self.stack.sources(grant.resource, *_GRANTED_TO)
        return list({one.urn: one for one in sources if one.kind in kinds}.values())

    # Where a grant reaches

    def _reaches(self, grant: Grant, one: AccountProtection) -> bool:
        return self._same_vault(grant, one) and self._same_key(grant, one)

    def _same_vault(self, grant: Grant, one: AccountProtection) -> bool:
        if grant.vault is not None and one.vault is not None:
            return grant.vault is one.vault
        if isinstance(grant.vault_name, str) and isinstance(one.vault_name, str):
            return grant.vault_name.lower() == one.vault_name.lower()
        return self.is_at_or_above(grant, one) is not False

    def _same_key(self, grant: Grant, one: AccountProtection) -> bool:
        """A role on one key gives no access to another key of the vault."""
        if grant.key is not None and one.key is not None:
            return grant.key is one.key
        known = {one.key_name.lower()} if isinstance(one.key_name, str) else set()
        known |= self.stack.names_of(one.key) if one.key is not None else set()
        return grant.key_name is None or not known or grant.key_name in known

    def is_at_or_above(self, grant: Grant, one: AccountProtection) -> bool | Mark:
        """Whether a role assignment's scope covers the vault of a key; True for every other grant."""
        if grant.entry is not None or not self.is_above_vaults(grant.resource):
            return True
        return Mark.UNKNOWN if one.vault is None else self.may_hold(grant.resource, one.vault)

    def is_above_vaults(self, assignment: StackResource) -> bool:
        """Whether a role assignment's scope is neither a vault nor a key: its scope names none, or, if it is
        not known yet, comes from none."""
        scope = values.name(assignment.found("scope"))
        if isinstance(scope, str):
            return key_scope(scope)[0] is None
        sources = self.stack.sources(assignment, "scope")
        return not any(one.kind in (Kind.VAULT, Kind.KEY) for one in sources)

    def may_hold(self, assignment: StackResource, vault: StackResource) -> bool | Mark:
        """Whether a vault is below the scope of a role assignment for which is_above_vaults() holds."""
        scope = values.name(assignment.found("scope"))
        if not isinstance(scope, str):
            kinds = {one.kind for one in self.stack.sources(assignment, "scope")}
            group = self.stack.source(assignment, Kind.RESOURCE_GROUP, "scope")
            its = self.stack.source(vault, Kind.RESOURCE_GROUP, "resourceGroupName")
            return group is its if group and its else Mark.UNKNOWN if group or not kinds else False
        id, names = values.name(vault.found("id")), arm_ids.segments(scope)
        if isinstance(id, str) or not arm_ids.subscription_of(scope):
            return arm_ids.covers(scope, id if isinstance(id, str) else "")
        its_group = values.name(vault.stated("resourceGroupName"))
        if "providers" in names or "resourcegroups" not in names:
            return "providers" not in names
        return names["resourcegroups"] == its_group.lower() if isinstance(its_group, str) else Mark.UNKNOWN


def principal_of(holder: StackResource) -> Value:
    """The object id of an account's own identity, or of a user-assigned one."""
    return values.name(holder.found("identity.principalId" if holder.kind is Kind.ACCOUNT else "principalId"))


def _key_of(uri: Value) -> key_uris.KeyUri | None:
    """The key that a binding names; None where it names none, which cmk-complete refuses."""
    try:
        return key_uris.parse(uri) if isinstance(uri, str) else None
    except MalformedError:
        return None
