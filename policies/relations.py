"""Which grants give access to the keys that accounts use, across a whole stack.

Joins key uses, identities and grants by value where values are known, otherwise by dependency.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from core.resource_types import HSM_ROLE_ASSIGNMENT, Kind, parse_urn
from policies.encryption import Text
from policies.grants import DeclaredPolicyEntry, entries_of
from policies.key_uses import KeyUse, KeyUses, key_scope
from policies.stack_index import Node
from policies.view import UNKNOWN, View, type_of_unknown


@dataclass(frozen=True, eq=False)
class DeclaredGrant:
    """One identity's access: an entry of a standalone or inline access policy, or a role assignment (no
    entry).

    `key` and `key_name` are what a role assignment on one key alone names; None otherwise.
    """

    node: Node
    entry: DeclaredPolicyEntry | None
    object_id: Text
    vault: Node | None
    vault_name: Text
    key: Node | None = None
    key_name: str | None = None

    @property
    def in_managed_hsm(self) -> bool:
        """Whether it is a role of a managed HSM itself."""
        return parse_urn(self.node.urn).type == HSM_ROLE_ASSIGNMENT


class Relations(KeyUses):
    """The joins that stack rules share: uses of keys, and the grants that open them."""

    @cached_property
    def grants(self) -> list[DeclaredGrant]:
        """Every grant on keys in the stack."""
        found = [
            grant
            for node in self.index.of(Kind.ACCESS_POLICY)
            for grant in self._entries(node, self.vault_of(node))
        ]
        found += [self._role(node) for node in self.index.of(Kind.ROLE_ASSIGNMENT)]
        for vault in self.index.of(Kind.VAULT):
            if self.declares_policies(vault):
                found += self._entries(vault, vault)
        return found

    def declares_policies(self, vault: Node) -> bool | None:
        """Whether the program itself states a vault's access policies; None when that is not known. An empty
        list is stated, too: with it the next write of the vault takes every policy away.

        Without the vault's inputs, entries that no separate resource makes are taken for its own.
        """
        declared = self.index.session.declared(vault.urn)
        if declared is not None:
            stated = declared.prop("accessPolicies")
            return None if stated is UNKNOWN else stated is not None
        entries = entries_of(Kind.VAULT, vault.view)
        if entries is UNKNOWN:
            return None
        return any(entry.object_id not in self._standalone_holders for entry in entries)

    @cached_property
    def _standalone_holders(self) -> set[Text]:
        holders: set[Text] = set()
        for node in self.index.of(Kind.ACCESS_POLICY):
            entries = entries_of(node.kind, node.view)
            holders.update(entry.object_id for entry in (entries if entries is not UNKNOWN else ()))
        return holders

    def _entries(self, node: Node, vault: Node | None) -> Iterator[DeclaredGrant]:
        entries = entries_of(node.kind, self.index.stated(node))
        name = node.view.text("name" if node.kind is Kind.VAULT else "vaultName")
        for entry in entries if entries is not UNKNOWN else ():
            yield DeclaredGrant(node, entry, entry.object_id, vault, name)

    def _role(self, node: Node) -> DeclaredGrant:
        scope = node.view.text("scope")
        name: Text = UNKNOWN
        if isinstance(scope, str):
            name, key_name = key_scope(scope)
            vault = self._named(name)
            return DeclaredGrant(node, None, node.view.text("principalId"), vault, name, key_name=key_name)
        key = self.index.source(node, Kind.KEY, "scope")
        vault = self.index.source(node, Kind.VAULT, "scope") or (self.vault_of(key) if key else None)
        return DeclaredGrant(node, None, node.view.text("principalId"), vault, name, key)

    def _named(self, name: str | None) -> Node | None:
        return self.index.vault_by_name.get(name) if name else None

    @cached_property
    def _identity_by_client(self) -> dict[str, Node]:
        return {
            client.lower(): node
            for node in self.index.of(Kind.USER_ASSIGNED_IDENTITY)
            if isinstance(client := node.view.text("clientId"), str)
        }

    def holders_of(self, use: KeyUse) -> list[Node]:
        """The identities that may use the key; none when they are not part of the stack."""
        if use.client_id is None:
            return [use.account] if use.account else []
        if named := self.named_identities(use):
            return named
        return self._identities_from(use.writer, "identity") if use.writer is use.account else []

    def named_identities(self, use: KeyUse) -> list[Node]:
        """The user-assigned identities of the stack that a use names: by client id or, if that is not known
        yet, by the resources that it comes from."""
        if isinstance(use.client_id, str) and use.client_id.lower() in self._identity_by_client:
            return [self._identity_by_client[use.client_id.lower()]]
        is_binding = use.writer.kind is Kind.BINDING
        return self._identities_from(use.writer, "identityClientId" if is_binding else "properties")

    def attached_identities(self, account: Node) -> tuple[list[Node], bool]:
        """The user-assigned identities of the stack that an account has, and whether these are all."""
        items = View(self.index.stated(account).get("identity")).items("userAssignedIdentities")
        ids = [id.lower() for id in (items if items is not UNKNOWN else ()) if isinstance(id, str)]
        found = [self.index.by_id[id] for id in ids if id in self.index.by_id]
        made = self._identities_from(account, "identity")
        whole = len(account.resource.property_dependencies.get("identity", ())) == len(made)
        unknown = items is UNKNOWN or UNKNOWN in items
        return found + made, len(found) == len(ids) and whole and bool(made or not unknown)

    def _identities_from(self, node: Node, name: str) -> list[Node]:
        sources = self.index.sources_of(node, name)
        return list({one.urn: one for one in sources if one.kind is Kind.USER_ASSIGNED_IDENTITY}.values())

    @cached_property
    def _grants_by_principal(self) -> dict[str, list[DeclaredGrant]]:
        found: dict[str, list[DeclaredGrant]] = {}
        for grant in self.grants:
            if isinstance(grant.object_id, str):
                found.setdefault(grant.object_id.lower(), []).append(grant)
        return found

    @cached_property
    def _grants_by_source(self) -> dict[str, list[DeclaredGrant]]:
        found: dict[str, list[DeclaredGrant]] = {}
        for grant in self.grants:
            sources = self.index.sources_of(grant.node, "policy", "principalId", "properties")
            for urn in {source.urn for source in sources}:
                found.setdefault(urn, []).append(grant)
        return found

    def grants_of(self, use: KeyUse) -> list[DeclaredGrant]:
        """The grants to the identity of a use, on its vault and key where both sides are known.

        A principal that is known decides by itself; one that is not, on either side, by where the value
        comes from.
        """
        found: list[DeclaredGrant] = []
        for holder in self.holders_of(use):
            principal = _principal(holder)
            if isinstance(principal, str):
                found += self._grants_by_principal.get(principal.lower(), [])
            for grant in self._grants_by_source.get(holder.urn, []):
                known = isinstance(grant.object_id, str)
                # A vault's own list has entries for others, too; what its properties depend on tells of none
                # of them.
                if not (known and (isinstance(principal, str) or grant.node.kind is Kind.VAULT)):
                    found.append(grant)
        return [grant for grant in found if self._same_vault(grant, use) and self._same_key(grant, use)]

    def _same_vault(self, grant: DeclaredGrant, use: KeyUse) -> bool:
        if grant.vault is not None and use.vault is not None:
            return grant.vault.urn == use.vault.urn
        if isinstance(grant.vault_name, str) and isinstance(use.vault_name, str):
            return grant.vault_name.lower() == use.vault_name.lower()
        return self.is_at_or_above(grant, use) is not False

    def is_at_or_above(self, grant: DeclaredGrant, use: KeyUse) -> bool | type_of_unknown:
        """Whether a role assignment's scope covers the vault of a use; True for every other grant."""
        if grant.entry is not None or not self.is_above_vaults(grant.node):
            return True
        return UNKNOWN if use.vault is None else self.may_hold(grant.node, use.vault)

    def _same_key(self, grant: DeclaredGrant, use: KeyUse) -> bool:
        """A role on one key gives no access to another key of the vault."""
        if grant.key is not None and use.key is not None:
            return grant.key.urn == use.key.urn
        known = self._key_names(use)
        return grant.key_name is None or not known or grant.key_name in known

    def _key_names(self, use: KeyUse) -> set[str]:
        """The names of the key of a use, which a preview knows from its inputs alone; none where unknown."""
        stated = {use.key_name.lower()} if isinstance(use.key_name, str) else set()
        return stated | (self.index.names_of(use.key) if use.key is not None else set())

    def may_be_another(self, use: KeyUse) -> list[DeclaredGrant]:
        """Grants on the vault of a use to holders that are known, while the id of its identity, which exists,
        is not known in this preview: any of them may be the one."""
        unknown = [
            holder
            for holder in self.holders_of(use)
            if _principal(holder) is UNKNOWN and self.index.exists(holder)
        ]
        if not unknown:
            return []
        known = [grant for grant in self.grants if isinstance(grant.object_id, str)]
        return [grant for grant in known if self._same_vault(grant, use) and self._same_key(grant, use)]

    def of_another_identity(self, use: KeyUse) -> list[DeclaredGrant]:
        """Grants from whoever uses the key that are for another object id than the state has of it."""
        return [
            grant
            for holder in self.holders_of(use)
            if isinstance(principal := _principal(holder), str)
            for grant in self._grants_by_source.get(holder.urn, [])
            if grant.node.kind is not Kind.VAULT
            and isinstance(grant.object_id, str)
            and grant.object_id.lower() != principal.lower()
            and self._same_vault(grant, use)
            and self._same_key(grant, use)
        ]

    def identities_behind(self, grant: DeclaredGrant) -> list[Node]:
        """The accounts and identities that an unknown principal comes from."""
        if isinstance(grant.object_id, str):
            return []
        sources = self.index.sources_of(grant.node, "policy", "principalId", "properties")
        kinds = (Kind.ACCOUNT, Kind.USER_ASSIGNED_IDENTITY)
        return list({one.urn: one for one in sources if one.kind in kinds}.values())


def _principal(holder: Node) -> Text:
    view = View(holder.view.get("identity")) if holder.kind is Kind.ACCOUNT else holder.view
    return UNKNOWN if view.is_unknown else view.text("principalId")
