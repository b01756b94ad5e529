"""Vaults and keys that were made here or exist elsewhere, as their keys, versions and grants need them."""

from dataclasses import dataclass

import pulumi

from core import arm_ids


@dataclass(frozen=True)
class VaultReference:
    """A vault, made here or existing.

    `provider` is an azure-native provider for the vault's own subscription; `uri` and `resource` are set when
    a component here made it, `maker` when something else in this program does.
    """

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    provider: pulumi.ProviderResource | None = None
    uri: pulumi.Output[str] | None = None
    resource: pulumi.Resource | None = None
    maker: pulumi.Resource | None = None


@dataclass(frozen=True)
class KeyReference:
    """A key, made here or existing. `id` is its ARM id, without a version."""

    id: pulumi.Input[str]
    vault: VaultReference


def vault_at(
    vault_id: pulumi.Input[str],
    provider: pulumi.ProviderResource | None = None,
    maker: pulumi.Resource | None = None,
) -> VaultReference:
    """The vault with an ARM id, which may be known only once it is made."""
    parsed = pulumi.Output.from_input(vault_id).apply(arm_ids.vault_id)
    return VaultReference(vault_id, parsed.name, parsed.group, provider, maker=maker)


def key_at(
    key_id: pulumi.Input[str],
    provider: pulumi.ProviderResource | None = None,
    maker: pulumi.Resource | None = None,
) -> KeyReference:
    """The key with an ARM id, in its vault."""
    if isinstance(key_id, str):
        return KeyReference(key_id, vault_at(vault_of(key_id), provider, maker))
    known: pulumi.Output[str] = pulumi.Output.from_input(key_id)
    return KeyReference(key_id, vault_at(known.apply(vault_of), provider, maker))


def vault_of(key_id: str) -> str:
    """The ARM id of a key's vault."""
    return arm_ids.key_id(key_id).parent.text
