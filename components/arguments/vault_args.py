"""The arguments of a key vault."""

import dataclasses
from dataclasses import dataclass
from typing import Self

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import ComponentArguments, argument
from components.arguments.network import NetworkArgs
from core.regions import region
from core.service.desired import ACCESS_POLICY, RBAC

TIERS = STANDARD, PREMIUM = "standard", "premium"


@dataclass(frozen=True, kw_only=True)
class KeyVaultArgs(ComponentArguments):
    """Inputs of KeyVault."""

    resource_group_name: pulumi.Input[str] = argument(check=names.RESOURCE_GROUP.checked)
    """Required. The group the vault is in."""
    location: pulumi.Input[str] = argument(check=region, example="westeurope")
    """Required. The region, which must be the account's."""
    tenant_id: pulumi.Input[str] = argument(check=checks.guid)
    """Required. The Microsoft Entra tenant, which must be the account's."""
    vault_name: str = argument("", check=names.VAULT.checked)
    """Optional. Unique in the world; default `kv-<name>`."""
    vault_sku: str = argument(STANDARD, choices=TIERS)
    """Optional. Tier: "standard" (default) or "premium", which has keys that hardware protects."""
    access_model: str = argument(ACCESS_POLICY, choices=(ACCESS_POLICY, RBAC))
    """Optional. How use of keys is granted: "accessPolicy" (default) or "rbac"."""
    network: NetworkArgs = NetworkArgs()
    """Optional. Who may reach the vault; default: trusted Azure services only."""
    tags: checks.Tags | None = None
    """Optional. Tags of the vault."""

    def completed(self) -> Self:
        """The arguments with the vault's name."""
        return dataclasses.replace(
            self, vault_name=self.vault_name or names.derived("vault", self, argument="vaultName")
        )
