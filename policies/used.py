"""Which vaults, keys and grants of a stack the customer-managed keys of its accounts depend on."""

from functools import cached_property

from core import values
from core.grants import Grant, KeyLocation
from core.protection import Protections, may_be_same
from core.resource_types import COMPONENTS, Kind
from core.stack import Stack, StackResource
from core.values import Mark


class UsedProtections(Protections):
    """The protections of a stack, and the resources that they depend on. `judges_unused`: everything counts
    as used."""

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
        if resource.kind in (Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT):
            held = {
                self._opens(grant, place)
                for grant in self.grants
                for place in self._places
                if grant.resource is resource and self.reaches(grant, place)
            }
            return True in held or (Mark.UNKNOWN if held else False)
        return resource.urn in self._used

    @cached_property
    def _used(self) -> frozenset[str]:
        """The URNs of the vaults and keys that the accounts of this stack use, or may use. A use that names
        neither key nor vault may mean any of them; one that names its vault alone may mean any key in it."""
        vaults, keys = self.stack.of(Kind.VAULT), self.stack.of(Kind.KEY)
        places = [(key, self.place_of(key)) for key in keys]
        places += [(vault, KeyLocation(vault=vault, vault_name=vault.azure_name)) for vault in vaults]
        used = {one.urn for one, _ in places if COMPONENTS in one.urn}
        used |= {one.urn for one, place in places if any(may_be_same(place, use) for use in self.all)}
        for one in (*self.stack.of(Kind.ACCOUNT), *self.stack.of(Kind.BINDING)):
            depends_on = self.stack.depends_on(one)
            used.update(each.urn for each in depends_on if each.kind in (Kind.VAULT, Kind.KEY))
        used.update(vault.urn for key in keys if key.urn in used and (vault := self.stack.above(key)))
        return frozenset(used)

    @cached_property
    def _places(self) -> list[KeyLocation]:
        """Each use of a key, the keys that are used otherwise, and each used vault of which neither tells."""
        keys = [key for key in self.stack.of(Kind.KEY) if key.urn in self._used]
        found: list[KeyLocation] = [*self.all, *map(self.place_of, keys)]
        told = [one.vault for one in found]
        vaults = (one for one in self.stack.of(Kind.VAULT) if one.urn in self._used and one not in told)
        named = (KeyLocation(vault=one, vault_name=values.folded(one.azure_name)) for one in vaults)
        return [*found, *named]

    def _opens(self, grant: Grant, place: KeyLocation) -> bool | Mark:
        """A scope that is not known yet and comes from a vault may be the id of any key in the vault."""
        if place.vault is None:
            return True
        is_known = grant.entry or grant.key or isinstance(values.name(grant.resource.stated("scope")), str)
        others = (key for key in self.stack.of(Kind.KEY) if key.urn not in self._used)
        if not is_known and grant.vault and any(self.stack.above(key) is grant.vault for key in others):
            return Mark.UNKNOWN
        return self.is_at_or_above(grant, place)
