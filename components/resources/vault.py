"""The key vault, for keys that encrypt data at rest.

Soft delete for 90 days and purge protection are not settings.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.arguments.inputs import read
from components.arguments.vault_args import KeyVaultArgs
from components.azure_native import value_at
from components.component import Component
from components.declared import Declaration, Declare, Registering
from components.resources.references import VaultReference
from components.resources.vault_guard import lone_vault_guard
from core import resource_types as types
from core.demands import RETENTION_DAYS
from core.service.desired import RBAC


def make_vault(
    inputs: KeyVaultArgs,
    declare: Declare,
    *,
    argument: str = "vaultName",
    guard: pulumi.ResourceHookBinding | None = None,
) -> VaultReference:
    """Makes the vault. `argument` is the path of the argument that names it; `guard` are the hooks of its
    writes."""
    given = {
        "resourceGroupName": inputs.resource_group_name,
        "vaultName": inputs.vault_name,
        "location": inputs.location,
        "tags": inputs.tags,
        "properties": {
            "tenantId": inputs.tenant_id,
            "sku": {"family": "A", "name": inputs.vault_sku},
            # Explicit as in the SDK's class of these properties, so that no recorded vault differs.
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": RETENTION_DAYS,
            "enablePurgeProtection": True,
            # Explicit in both models: without it this version of the API makes a vault with Azure RBAC.
            "enableRbacAuthorization": inputs.access_model == RBAC,
            "publicNetworkAccess": inputs.network.public_network_access,
            "networkAcls": inputs.network.vault_rules,
        },
    }
    vault = Declaration(types.VAULT, f"{inputs.name}-vault", given, argument, "vault.id")
    # A vault that an earlier version brought back has it in the state: it says how the vault came about.
    made = declare(vault, ignore_changes=["properties.createMode"], guard=guard)
    return VaultReference(made.id, made.name, inputs.resource_group_name, made_by=made.resources)


class KeyVault(Component):
    """A vault whose keys cannot be lost: soft delete of 90 days, purge protection, protected from deletion.

    Produces: azure-native:keyvault/v20260201:Vault. Raises InputError.
    Source of the rules: "Store customer-managed keys in Azure Key Vault" of the service's documentation.
    """

    vault_id: pulumi.Output[str]
    """The vault's ARM id."""
    vault_uri: pulumi.Output[str]
    """The vault's endpoint."""

    def __init__(
        self, name: str, args: KeyVaultArgs | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        inputs = read(KeyVaultArgs, name, args)
        super().__init__(name, opts)
        guard = lone_vault_guard(f"{name}-vault", inputs.vault_name)
        vault = make_vault(inputs, Registering(self.protected_child), guard=guard)
        made: Any = vault.made_by[0]
        self.vault_id = pulumi.Output.from_input(vault.id)
        self.vault_uri = value_at(made.properties, "vaultUri")
        self.register_outputs(self.outputs())
