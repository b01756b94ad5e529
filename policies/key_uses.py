"""Which account uses which customer-managed key, across a whole stack.

Joins accounts, bindings, keys and vaults by value where values are known, otherwise by dependency.
"""

from dataclasses import dataclass
from functools import cached_property

from core import arm_ids, key_uris
from core.arm_ids import MalformedError
from core.resource_types import AZAPI_PARENT, COMPONENTS, GENERIC_NAMES, PARENT_NAME_INPUTS, Kind
from policies.encryption import DeclaredEncryption, Text, encryption_of, leaves_encryption
from policies.stack_index import Node, StackIndex
from policies.view import UNKNOWN, type_of_unknown


@dataclass(frozen=True, eq=False)
class KeyUse:
    """One account's use of a customer-managed key: by a binding, or stated in the account itself.

    `writer` is the binding, or the account itself; `account`, `vault` and `key` are None when they are not
    resources of this stack.
    """

    writer: Node
    account: Node | None
    vault: Node | None
    key: Node | None
    vault_name: Text
    key_name: Text
    client_id: Text

    @property
    def names_identity(self) -> bool:
        """Whether a user-assigned identity is named for the key."""
        return self.client_id is not None

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM, as far as that is known."""
        return isinstance(self.vault_name, str) and key_uris.is_hsm_place(self.vault_name)


def key_scope(scope: str) -> tuple[str | None, str | None]:
    """The vault or managed HSM, and the key, that a role's scope names, in lower case; None for none."""
    ids = arm_ids.segments(scope)
    names = (arm_ids.VAULT, arm_ids.MANAGED_HSM)
    name = next((ids[one] for type in names if (one := arm_ids.name_of(type).lower()) in ids), None)
    return (key_uris.place_named(name, scope) if name else None), ids.get("keys")


def _key_of(uri: Text) -> key_uris.KeyUri | None:
    """The key that a binding names; None where it names none, which cmk-complete refuses."""
    try:
        return key_uris.parse(uri) if isinstance(uri, str) else None
    except MalformedError:
        return None


class KeyUses:
    """The uses of customer-managed keys in a stack; each join is made once per question."""

    def __init__(self, index: StackIndex) -> None:
        self.index = index

    def account_of(self, binding: Node) -> Node | None:
        """The account a binding writes to."""
        return self._target(binding, Kind.ACCOUNT, "accountId")

    def _parent_of(self, child: Node, kind: Kind) -> Node | None:
        """The resource that a child's name of its parent comes from, in whatever type the program uses."""
        return self.index.source(child, kind, PARENT_NAME_INPUTS[child.kind], GENERIC_NAMES[0], AZAPI_PARENT)

    def account_above(self, child: Node) -> Node | None:
        """The account that a project or a deployment is below."""
        stated = child.view.text(PARENT_NAME_INPUTS[child.kind])
        named = self.index.account_named(stated.strip()) if isinstance(stated, str) else None
        return named or self._parent_of(child, Kind.ACCOUNT)

    @cached_property
    def bindings_by_account(self) -> dict[str, list[Node]]:
        """The bindings of each account, by the account's URN, else by the id they name."""
        found: dict[str, list[Node]] = {}
        for binding in self.index.of(Kind.BINDING):
            account = self.account_of(binding)
            stated = binding.view.text("accountId")
            key = account.urn if account else stated.lower() if isinstance(stated, str) else None
            if key is not None:
                found.setdefault(key, []).append(binding)
        return found

    @cached_property
    def has_unplaced_binding(self) -> bool:
        """True when the account of some binding is not known."""
        placed = sum(len(bindings) for bindings in self.bindings_by_account.values())
        return placed < len(self.index.of(Kind.BINDING))

    def inline(self, account: Node) -> DeclaredEncryption | type_of_unknown | None:
        """The encryption that the program itself states for an account; not what it ignores."""
        if leaves_encryption(account.ignore_changes):
            return None
        return encryption_of(self.index.stated(account))

    @cached_property
    def uses(self) -> list[KeyUse]:
        """Every use of a customer-managed key that is known."""
        bound = [self._bound(binding) for binding in self.index.of(Kind.BINDING)]
        stated = [self._stated(account) for account in self.index.of(Kind.ACCOUNT)]
        return bound + [use for use in stated if use is not None]

    @cached_property
    def _used(self) -> frozenset[str]:
        """The URNs of the vaults and keys that the accounts of this stack use.

        A use that names neither its key nor its vault may mean any of them; one that names its vault alone
        may mean any key in it.
        """
        vaults, keys = self.index.of(Kind.VAULT), self.index.of(Kind.KEY)
        used = {node.urn for node in (*vaults, *keys) if COMPONENTS in node.urn}
        for use in self.uses:
            vault, named = use.vault, isinstance(use.vault_name, str)
            if use.key is None and vault is None and not named:
                return frozenset(node.urn for node in (*vaults, *keys))
            used.update(node.urn for node in (vault, use.key) if node is not None)
            if use.key is None and vault is not None:
                used.update(key.urn for key in keys if self._may_be(key, use))
        for node in (*self.index.of(Kind.ACCOUNT), *self.index.of(Kind.BINDING)):
            used.update(one.urn for one in self.index.depends_on(node) if one.kind in (Kind.VAULT, Kind.KEY))
        for key in keys:
            if key.urn in used and (vault := self.vault_of(key)) is not None:
                used.add(vault.urn)
        return frozenset(used)

    def _may_be(self, key: Node, use: KeyUse) -> bool:
        vault, names = self.vault_of(key), self.index.names_of(key)
        same_vault = vault is None or use.vault is None or vault.urn == use.vault.urn
        return same_vault and (not isinstance(use.key_name, str) or not names or use.key_name in names)

    def is_used(self, node: Node) -> bool | type_of_unknown:
        """Whether an account's customer-managed key depends on a vault, a key or a grant. Also True for what
        this project's components make, and for every node if the session judges unused ones, because their
        accounts may be in other stacks. UNKNOWN if a role's scope or a resource group decides, and this
        preview does not know it."""
        if COMPONENTS in node.urn or self.index.session.judges_unused:
            return True
        if node.kind is Kind.ACCESS_POLICY:
            return self._opens_used_vault(self.vault_of(node), node.view.text("vaultName"))
        if node.kind is Kind.ROLE_ASSIGNMENT:
            return self._reaches_used_key(node)
        return node.urn in self._used

    def _opens_used_vault(self, vault: Node | None, name: Text) -> bool:
        if vault is not None:
            return vault.urn in self._used
        if not isinstance(name, str):
            return bool(self.uses)
        return any(not (names := self.vault_names(use)) or name.lower() in names for use in self.uses)

    def vault_names(self, use: KeyUse) -> set[str]:
        """The names of the vault of a use; none where nothing shows them."""
        stated = {use.vault_name} if isinstance(use.vault_name, str) else set()
        return stated | (self.index.names_of(use.vault) if use.vault is not None else set())

    def _reaches_used_key(self, assignment: Node) -> bool | type_of_unknown:
        """By the scope: one key, one vault, or something above that may hold them."""
        if self.is_above_vaults(assignment):
            if not self.uses or any(use.vault is None for use in self.uses):
                return bool(self.uses)
            held = {self.may_hold(assignment, use.vault) for use in self.uses if use.vault is not None}
            return True in held or (UNKNOWN if UNKNOWN in held else False)
        scope = assignment.view.text("scope")
        if not isinstance(scope, str):
            return self._comes_from_used(assignment)
        name, key_name = key_scope(scope)
        vault = self.index.vault_by_name.get(name or "")
        if key_name is None or vault is None:
            return self._opens_used_vault(vault, name)
        keys = [key for key in self.index.of(Kind.KEY) if key_name in self.index.names_of(key)]
        here = [key for key in keys if self.vault_of(key) in (vault, None)]
        return any(key.urn in self._used for key in here) if here else vault.urn in self._used

    def _comes_from_used(self, assignment: Node) -> bool | type_of_unknown:
        """The same for a scope that is not known yet, by the resources that the scope comes from. A scope
        that comes from a vault may be the id of any key in the vault."""
        sources = self.index.sources_of(assignment, "scope")
        used = [one for one in sources if one.urn in self._used]
        others = [key for key in self.index.of(Kind.KEY) if key.urn not in self._used]
        may_be_another = any(self.vault_of(key) in used for key in others)
        return UNKNOWN if may_be_another and not any(one.kind is Kind.KEY for one in used) else bool(used)

    def is_above_vaults(self, assignment: Node) -> bool:
        """Whether a role assignment's scope is neither a vault nor a key: its scope names none, or, if it is
        not known yet, comes from none."""
        scope = assignment.view.text("scope")
        if isinstance(scope, str):
            return key_scope(scope)[0] is None
        sources = self.index.sources_of(assignment, "scope")
        return not any(one.kind in (Kind.VAULT, Kind.KEY) for one in sources)

    def may_hold(self, assignment: Node, vault: Node) -> bool | type_of_unknown:
        """Whether a vault is below the scope of a role assignment for which is_above_vaults() holds."""
        scope = assignment.view.text("scope")
        if not isinstance(scope, str):
            kinds = {one.kind for one in self.index.sources_of(assignment, "scope")}
            group = self.index.source(assignment, Kind.RESOURCE_GROUP, "scope")
            its = self.index.source(vault, Kind.RESOURCE_GROUP, "resourceGroupName")
            return group is its if group and its else UNKNOWN if group or not kinds else False
        id, names = vault.view.text("id"), arm_ids.segments(scope)
        if isinstance(id, str) or not arm_ids.subscription_of(scope):
            return arm_ids.covers(scope, id if isinstance(id, str) else "")
        its_group = self.index.stated(vault).text("resourceGroupName")
        if "providers" in names or "resourcegroups" not in names:
            return "providers" not in names
        return names["resourcegroups"] == its_group.lower() if isinstance(its_group, str) else UNKNOWN

    def _bound(self, binding: Node) -> KeyUse:
        uri = binding.view.text("keyUriWithVersion")
        named = _key_of(uri)
        id = binding.view.text("vaultId")
        if uri is UNKNOWN:
            name: Text = key_uris.place_of(id) if isinstance(id, str) else UNKNOWN
        else:
            name = key_uris.place(named.vault_uri) if named else None
        key = self._key_from(binding, "keyUriWithVersion")
        vault = self._target(binding, Kind.VAULT, "vaultId") or self._vault_from(key, name)
        return KeyUse(
            writer=binding,
            account=self.account_of(binding),
            vault=vault,
            key=key,
            vault_name=name,
            key_name=UNKNOWN if uri is UNKNOWN else named.name.lower() if named else None,
            client_id=self.index.stated(binding).text("identityClientId"),
        )

    def _stated(self, account: Node) -> KeyUse | None:
        encryption = self.inline(account)
        if encryption is None or encryption is UNKNOWN or not encryption.is_customer_key:
            return None
        uri, name = encryption.vault_uri, encryption.key_name
        vault = key_uris.place(uri) if isinstance(uri, str) else uri
        key = self._key_from(account, "properties")
        return KeyUse(
            writer=account,
            account=account,
            vault=self._vault_from(key, vault) or self.index.source(account, Kind.VAULT, "properties"),
            key=key,
            vault_name=vault,
            key_name=name.lower() if isinstance(name, str) else name,
            client_id=encryption.client_id,
        )

    def _target(self, node: Node, kind: Kind, name: str) -> Node | None:
        stated = node.view.text(name)
        by_id = self.index.named_by(stated) if isinstance(stated, str) else None
        if by_id is not None and by_id.kind is kind:
            return by_id
        return self.index.source(node, kind, name)

    def _key_from(self, node: Node, name: str) -> Node | None:
        version = self.index.source(node, Kind.KEY_VERSION, name)
        if version is not None:
            return self._target(version, Kind.KEY, "keyId")
        return self.index.source(node, Kind.KEY, name)

    def _vault_from(self, key: Node | None, name: Text) -> Node | None:
        by_name = self.index.vault_by_name.get(name) if isinstance(name, str) else None
        return by_name or (self.vault_of(key) if key is not None else None)

    def vault_of(self, node: Node) -> Node | None:
        """The vault that a key or an access policy is in."""
        stated = node.view.get(PARENT_NAME_INPUTS[node.kind])
        by_name = self.index.vault_by_name.get(stated.lower()) if isinstance(stated, str) else None
        return by_name or self._parent_of(node, Kind.VAULT)
