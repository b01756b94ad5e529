"""Which vaults, keys and grants of a stack the customer-managed keys of its accounts depend on."""

from functools import cached_property

from core import values
from core.grants import key_scope
from core.protection import AccountProtection, Protections
from core.resource_types import COMPONENTS, Kind
from core.stack import Stack, StackResource
from core.values import Mark, Value


class UsedProtections(Protections):
    """The protections of a stack, and what they depend on. `judges_unused`: everything counts as used."""

    def __init__(self, stack: Stack, judges_unused: bool) -> None:
        super().__init__(stack)
        self._judges_unused = judges_unused

    def is_used(self, resource: StackResource) -> bool | Mark:
        """Whether an account's customer-managed key depends on a vault, a key or a grant. Also True for what
        this project's components make, and for everything if unused ones are judged, because their accounts
        may be in other stacks. UNKNOWN if a role's scope or a resource group decides, and this preview does
        not know it."""
        if COMPONENTS in resource.urn or self._judges_unused:
            return True
        if resource.kind is Kind.ACCESS_POLICY:
            vault = self.stack.vault_of(resource)
            return self._opens_used_vault(vault, values.name(resource.found("vaultName")))
        if resource.kind is Kind.ROLE_ASSIGNMENT:
            return self._reaches_used_key(resource)
        return resource.urn in self._used

    @cached_property
    def _used(self) -> frozenset[str]:
        """The URNs of the vaults and keys that the accounts of this stack use.

        A use that names neither its key nor its vault may mean any of them; one that names its vault alone
        may mean any key in it.
        """
        vaults, keys = self.stack.of(Kind.VAULT), self.stack.of(Kind.KEY)
        used = {one.urn for one in (*vaults, *keys) if COMPONENTS in one.urn}
        for use in self.all:
            if use.key is None and use.vault is None and not isinstance(use.vault_name, str):
                return frozenset(one.urn for one in (*vaults, *keys))
            used.update(one.urn for one in (use.vault, use.key) if one is not None)
            if use.key is None and use.vault is not None:
                used.update(key.urn for key in keys if self._may_be(key, use))
        for one in (*self.stack.of(Kind.ACCOUNT), *self.stack.of(Kind.BINDING)):
            depends_on = self.stack.depends_on(one)
            used.update(each.urn for each in depends_on if each.kind in (Kind.VAULT, Kind.KEY))
        used.update(vault.urn for key in keys if key.urn in used and (vault := self.stack.vault_of(key)))
        return frozenset(used)

    def _may_be(self, key: StackResource, use: AccountProtection) -> bool:
        vault, names = self.stack.vault_of(key), self.stack.names_of(key)
        same_vault = vault is None or use.vault is None or vault is use.vault
        return same_vault and (not isinstance(use.key_name, str) or not names or use.key_name in names)

    def _opens_used_vault(self, vault: StackResource | None, name: Value) -> bool:
        if vault is not None:
            return vault.urn in self._used
        if not isinstance(name, str):
            return bool(self.all)
        return any(not (names := self.vault_names(use)) or name.lower() in names for use in self.all)

    def _reaches_used_key(self, assignment: StackResource) -> bool | Mark:
        """By the scope: one key, one vault, or something above that may hold them."""
        if self.is_above_vaults(assignment):
            if not self.all or any(use.vault is None for use in self.all):
                return bool(self.all)
            held = {self.may_hold(assignment, use.vault) for use in self.all if use.vault is not None}
            return True in held or (Mark.UNKNOWN if Mark.UNKNOWN in held else False)
        scope = values.name(assignment.found("scope"))
        if not isinstance(scope, str):
            return self._comes_from_used(assignment)
        name, key_name = key_scope(scope)
        vault = self.stack.named(Kind.VAULT, name)
        if key_name is None or vault is None:
            return self._opens_used_vault(vault, name)
        keys = [key for key in self.stack.of(Kind.KEY) if key_name in self.stack.names_of(key)]
        here = [key for key in keys if self.stack.vault_of(key) in (vault, None)]
        return any(key.urn in self._used for key in here) if here else vault.urn in self._used

    def _comes_from_used(self, assignment: StackResource) -> bool | Mark:
        """The same for a scope that is not known yet, by the resources that the scope comes from. A scope
        that comes from a vault may be the id of any key in the vault."""
        used = [one for one in self.stack.sources(assignment, "scope") if one.urn in self._used]
        others = [key for key in self.stack.of(Kind.KEY) if key.urn not in self._used]
        may_be_another = any(self.stack.vault_of(key) in used for key in others)
        names_key = any(one.kind is Kind.KEY for one in used)
        return Mark.UNKNOWN if may_be_another and not names_key else bool(used)
