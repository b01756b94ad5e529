"""One account of a preview at its three levels, with what protects its data: the key, the vault and the
identities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core import arm_ids, values
from core.grants import key_scope
from core.protection import AccountProtection
from core.resource_types import Kind
from core.values import Value, folded
from review.preview import ReviewedResource, ReviewedState
from review.snapshot import Protection, revoked_by


@dataclass(frozen=True, eq=False)
class ReviewedAccount:
    """One account over the preview, or a binding whose account is not in the stack: `resource` is either.

    It has a protection at each level where it is there. `by_urn` has all resources of the preview,
    `revocations` its revocations of access.
    """

    resource: ReviewedResource
    recorded: Protection | None
    live: Protection | None
    planned: Protection | None
    by_urn: Mapping[str, ReviewedResource]
    revocations: Sequence[ReviewedResource]

    @property
    def account(self) -> ReviewedResource | None:
        """The account's own resource; None for an account of another stack."""
        return self.resource if self.resource.kind is Kind.ACCOUNT else None

    @property
    def id(self) -> Value:
        """Its ARM id."""
        if self.account:
            return self.account.state.id or None
        return self.resource.state.text("accountId")

    @property
    def name(self) -> Value:
        """Its name in Azure."""
        if self.account:
            return self.account.state.azure_name
        return arm_ids.name_of(self.id) if isinstance(self.id, str) else self.id

    @property
    def kind(self) -> str:
        """Azure's kind of account; "" where it is not known."""
        return values.known_name(self.account.state.input("kind")) if self.account else ""

    @cached_property
    def protections(self) -> list[Protection]:
        """Its protections, the live one first."""
        return [level for level in (self.live, self.recorded, self.planned) if level]

    @cached_property
    def bindings(self) -> list[ReviewedResource]:
        """Its bindings at any level."""
        urns = {protection.binding.urn for protection in self.protections if protection.binding}
        return [self.by_urn[urn] for urn in sorted(urns)]

    @property
    def identities(self) -> list[ReviewedResource]:
        """The user-assigned identities of this stack that may use its key now."""
        if self.live is None or not self.live.bound:
            return []
        return [self.by_urn[urn] for urn in sorted(self.live.users)]

    @cached_property
    def keys(self) -> list[AccountProtection]:
        """Its uses of keys, the one that protects its data now first."""
        keys = [protection.key for protection in self.protections]
        return [key for key in keys if isinstance(key, AccountProtection)]

    @property
    def key(self) -> ReviewedResource | None:
        """The key that protects its data now or, if nothing does, after the update."""
        if self.keys and self.keys[0].key:
            return self.by_urn[self.keys[0].key.urn]
        return None

    @property
    def vault(self) -> ReviewedResource | None:
        """The vault of that key."""
        if self.keys and self.keys[0].vault:
            return self.by_urn[self.keys[0].vault.urn]
        return None

    @cached_property
    def vaults(self) -> set[str]:
        """The names of the vaults of its keys; "" stands for the vault of a grant that does not show it."""
        return {"", *(key.vault_name for key in self.keys if isinstance(key.vault_name, str))}

    @cached_property
    def principals(self) -> set[str]:
        """The identities that may use its key at some level, as far as they are known."""
        holders: list[Value] = []
        for protection in self.protections:
            holders += [grant.principal for grant in protection.grants]
            holders.append(protection.principal)
        return set(filter(None, map(folded, holders)))

    @cached_property
    def asks_access_back(self) -> bool:
        """Whether the program no longer declares the revocation of its access."""
        ended = [each.live for each in self.revocations if each.live and not each.planned]
        return any(map(self.is_concerned, ended))

    @cached_property
    def is_revoked(self) -> bool:
        """Whether this update carries out a revocation of its access."""
        carried_out = [each.planned for each in self.revocations if each.written and each.planned]
        return any(map(self.is_concerned, carried_out))

    def is_concerned(self, revocation: ReviewedState) -> bool:
        """Whether a revocation is about its key and an identity with which it may use the key."""
        principal, key = revoked_by(revocation)
        is_its_key = key_scope(folded(key) or "") in {(use.vault_name, use.key_name) for use in self.keys}
        return is_its_key and folded(principal) in self.principals
