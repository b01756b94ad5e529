"""Azure's clouds, told apart by the vault's host: an emergency needs no setting for that.

Sources: Key Vault's national cloud suffixes; the names that `az cloud set` and `Connect-AzAccount` take.
"""

from __future__ import annotations

from dataclasses import dataclass

from azure.core import AzureClouds
from azure.identity import AzureAuthorityHosts


@dataclass(frozen=True)
class Cloud:
    """One cloud. `name` is what az and Azure PowerShell call it."""

    name: str
    vault_suffix: str
    authority: str
    setting: AzureClouds


PUBLIC = Cloud(
    "AzureCloud",
    ".vault.azure.net",
    AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
    AzureClouds.AZURE_PUBLIC_CLOUD,
)
_OTHERS = (
    Cloud(
        "AzureUSGovernment",
        ".vault.usgovcloudapi.net",
        AzureAuthorityHosts.AZURE_GOVERNMENT,
        AzureClouds.AZURE_US_GOVERNMENT,
    ),
    Cloud(
        "AzureChinaCloud",
        ".vault.azure.cn",
        AzureAuthorityHosts.AZURE_CHINA,
        AzureClouds.AZURE_CHINA_CLOUD,
    ),
)


def cloud_of(vault_uri: str) -> Cloud:
    """The cloud that a vault is in."""
    host = vault_uri.lower().rstrip("/")
    return next((cloud for cloud in _OTHERS if host.endswith(cloud.vault_suffix)), PUBLIC)
