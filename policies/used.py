"""Which vaults, keys and grants of a stack the customer-managed keys of its accounts depend on."""

from functools import cached_property
from typing import Final

from core import values
from core.grants import Grant, KeyLocation
from core.protection import Protections, may_be_same
from core.resource_types import COMPONENTS, Kind
from core.stack import Stack, StackResource
from core.values import Hidden

_HELD: Final = (Kind.KEY, Kind.VAULT)


def _whole(vault: StackResource) -> KeyLocation:
    """Any key of a vault."""
    return KeyLocation(vault=vault, vault_name=values.folded(vault.azure_name))


class UsedProtections(Protections):
    """The protections of a stack, and the resources that they depend on. `judges_unused`: everything counts
    as used."""

    def __init__(self, stack: Stack, judges_unused: bool) -> None:
        super().__init__(stack)
        self._judges_unused = judges_unused

    def is_used(self, resource: StackResource) -> bool | Hidden:
        """Whether an account's customer-managed key depends on a vault, a key or a grant. Also True for what
        this project's components make, and for everything if unused ones are judged, because their accounts
        may be in other stacks. UNKNOWN if a role's scope or a resource group decides, and this preview does
        not know it."""
        if COMPONENTS in resource.urn or self._judges_unused:
            return True
        if resource.kind not in (Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT):
            return resource.urn in self._used
        grants = [grant for grant in self.grants if grant.resource is resource]
        held = {
            self._opens(one, place) for one in grants for place in self._places if self.reaches(one, place)
        }
        return True in held or (Hidden.UNKNOWN if held else False)

    @cached_property
    def _used(self) -> frozenset[str]:
        """The URNs of the vaults and keys that the accounts of this stack use, or may use. A use that names
        neither key nor vault may mean any of them; one that names its vault alone may mean any key in it."""
        keys, vaults = map(self.stack.of, _HELD)
        places = [(key, self.place_of(key)) for key in keys] + [(vault, _whole(vault)) for vault in vaults]
        used = set[str]()
        for resource, place in places:
            if COMPONENTS in resource.urn or any(may_be_same(place, use) for use in self.all):
                used.add(resource.urn)
        for user in (*self.stack.of(Kind.ACCOUNT), *self.stack.of(Kind.BINDING)):
            used.update(each.urn for each in self.stack.depends_on(user) if each.kind in _HELD)
        used.update(vault.urn for key in keys if key.urn in used and (vault := self.stack.above(key)))
        return frozenset(used)

    @cached_property
    def _places(self) -> list[KeyLocation]:
        """Each use of a key, the keys that are used otherwise, and each used vault of which neither tells."""
        keys, vaults = map(self._used_of, _HELD)
        found: list[KeyLocation] = [*self.all, *map(self.place_of, keys)]
        told = [one.vault for one in found]
        return [*found, *(_whole(one) for one in vaults if one not in told)]

    def _used_of(self, kind: Kind) -> list[StackResource]:
        return [resource for resource in self.stack.of(kind) if resource.urn in self._used]

    def _opens(self, grant: Grant, place: KeyLocation) -> bool | Hidden:
        """A scope that is not known yet and comes from a vault may be the id of any key in the vault."""
        if place.vault is None:
            return True
        is_known = grant.entry or grant.key or grant.assigned_at
        others = (key for key in self.stack.of(Kind.KEY) if key.urn not in self._used)
        if not is_known and grant.vault and any(self.stack.above(key) is grant.vault for key in others):
            return Hidden.UNKNOWN
        return self.scope_covers_vault(grant, place)
