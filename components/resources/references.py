"""Vaults and keys that were made here or exist elsewhere, as their keys, versions and grants need them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from core import arm_ids


@dataclass(frozen=True)
class VaultReference:
    """A vault, made here or existing.

    `provider` is an azure-native provider for the vault's own subscription; `made_by` are the resources of
    this program that make it. `writes` are the last declared writes to it.
    """

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    provider: pulumi.ProviderResource | None = None
    made_by: Sequence[pulumi.Resource] = ()
    writes: list[pulumi.Resource] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class KeyReference:
    """A key, made here or existing. `id` is its ARM id, without a version."""

    id: pulumi.Input[str]
    vault: VaultReference

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM; then its id is plain text."""
        return isinstance(self.id, str) and arm_ids.in_managed_hsm(self.id)


def vault_at(
    vault_id: pulumi.Input[str],
    provider: pulumi.ProviderResource | None = None,
    made_by: Sequence[pulumi.Resource] = (),
) -> VaultReference:
    """The vault with an ARM id, which may be known only once it is made."""
    parsed = pulumi.Output.from_input(vault_id).apply(arm_ids.vault_id)
    return VaultReference(vault_id, parsed.name, parsed.group, provider, made_by)


def key_at(
    key_id: pulumi.Input[str],
    provider: pulumi.ProviderResource | None = None,
    made_by: Sequence[pulumi.Resource] = (),
) -> KeyReference:
    """The key with an ARM id, in its vault."""
    if isinstance(key_id, str):
        return KeyReference(key_id, vault_at(vault_of(key_id), provider, made_by))
    known: pulumi.Output[str] = pulumi.Output.from_input(key_id)
    return KeyReference(key_id, vault_at(known.apply(_vault_known_later), provider, made_by))


def _vault_known_later(key_id: str) -> str:
    """The ARM id of the vault of a key whose id is an output. Raises ValueError for a managed HSM: its id
    must be known in advance, because the resources depend on it."""
    if arm_ids.in_managed_hsm(key_id):
        raise ValueError(f"{key_id!r} is a key of a managed HSM; give its id as plain text, not as an output")
    return vault_of(key_id)


def vault_of(key_id: str) -> str:
    """The ARM id of a key's vault or managed HSM."""
    return arm_ids.key_id(key_id).parent.text
