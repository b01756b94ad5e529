"""The key vault, for keys that encrypt data at rest.

Soft delete for 90 days and purge protection are not settings.
"""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import keyvault

from components.access_model import ACCESS_POLICY, RBAC
from components.arguments import checks, names
from components.arguments.inputs import Inputs, component_name, group, mapping, read, required_text, text
from components.arguments.tags import checked_tags
from components.component import ChildOptions, Component, Tags
from components.network import NetworkArgs, NetworkInputs
from components.references import VaultReference
from core.demands import RETENTION_DAYS
from core.regions import region


class KeyVaultArgs(TypedDict):
    """Inputs of KeyVault."""

    resource_group_name: pulumi.Input[str]
    """Required. The group the vault is in."""
    location: pulumi.Input[str]
    """Required. The region, which must be the account's."""
    tenant_id: pulumi.Input[str]
    """Required. The Microsoft Entra tenant, which must be the account's."""
    vault_name: NotRequired[str | None]
    """Optional. Unique in the world; default `kv-<name>`."""
    access_model: NotRequired[str | None]
    """Optional. How use of keys is granted: "accessPolicy" (default) or "rbac"."""
    network: NotRequired[NetworkArgs | None]
    """Optional. Who may reach the vault; default: trusted Azure services only."""
    tags: NotRequired[Tags | None]
    """Optional. Tags of the vault."""


@dataclass(frozen=True, kw_only=True)
class KeyVaultInputs(Inputs):
    """KeyVaultArgs with defaults."""

    ARGS = KeyVaultArgs

    name: str = component_name()
    resource_group_name: pulumi.Input[str] = required_text(
        accepts_outputs=True, check=names.RESOURCE_GROUP.checked
    )
    location: pulumi.Input[str] = required_text(accepts_outputs=True, check=region, example="westeurope")
    tenant_id: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.guid)
    vault_name: str = text(check=names.VAULT.checked, derive=names.vault_name)
    access_model: str = text(ACCESS_POLICY, choices=(ACCESS_POLICY, RBAC))
    network: NetworkInputs = group(NetworkInputs)
    tags: Tags | None = mapping(check=checked_tags, accepts_outputs=True)


def make_vault(inputs: KeyVaultInputs, options: ChildOptions, *, recovers: bool = False) -> VaultReference:
    """Makes the vault, or brings a soft-deleted one of its name back with its keys and access policies."""
    vault = keyvault.Vault(
        f"{inputs.name}-vault",
        resource_group_name=inputs.resource_group_name,
        vault_name=inputs.vault_name,
        location=inputs.location,
        tags=inputs.tags,
        properties=keyvault.VaultPropertiesArgs(
            create_mode=keyvault.CreateMode.RECOVER if recovers else None,
            **vault_properties(inputs.tenant_id, inputs.access_model, inputs.network),
        ),
        # How a vault came about is no property that it has later.
        opts=options(ignore_changes=["properties.createMode"]),
    )
    return VaultReference(
        vault.id, vault.name, inputs.resource_group_name, uri=vault.properties.vault_uri, resource=vault
    )


def vault_properties(
    tenant_id: pulumi.Input[str], access_model: str, network: NetworkInputs
) -> dict[str, Any]:
    """What a vault made here is, by azure-native's Python names."""
    return {
        "tenant_id": tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enable_soft_delete": True,
        "soft_delete_retention_in_days": RETENTION_DAYS,
        "enable_purge_protection": True,
        # Explicit in both models: newer versions of the API have another default.
        "enable_rbac_authorization": access_model == RBAC,
        "public_network_access": network.public_network_access,
        "network_acls": network.vault_rules,
    }


class KeyVault(Component):
    """A vault whose keys cannot be lost: soft delete of 90 days, purge protection, protected from deletion.

    Produces: azure-native:keyvault:Vault. Raises InputError.
    Source of the rules: "Store customer-managed keys in Azure Key Vault" of the service's documentation.
    """

    vault_id: pulumi.Output[str]
    """The vault's ARM id."""
    vault_uri: pulumi.Output[str]
    """The vault's endpoint."""

    def __init__(self, name: str, args: KeyVaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = read(KeyVaultInputs, name, args)
        super().__init__(name, opts)
        vault = make_vault(inputs, self.protected_child)
        self.vault_id = pulumi.Output.from_input(vault.id)
        self.vault_uri = pulumi.Output.from_input(vault.uri or "")
        self.register_outputs({"vaultId": self.vault_id, "vaultUri": self.vault_uri})
