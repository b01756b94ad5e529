"""Azure's clouds: which endpoints belong to each, and that tokens go nowhere else.

Endpoint sources: azure-mgmt-core's `get_arm_endpoints` for Resource Manager and its tokens' audience, and
Key Vault's national cloud suffixes
(https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#vault-name-and-object-name).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class AzureCloud:
    """One cloud's endpoints. `arm_scope` is the scope of Resource Manager's tokens; `vault_suffix` is what
    follows a vault's name in its host."""

    name: str
    resource_manager: str
    arm_scope: str
    authority: str
    vault_suffix: str

    @property
    def arm_host(self) -> str:
        return urlsplit(self.resource_manager).netloc

    def may_receive_token(self, url: str) -> bool:
        """Whether a request to `url` may carry a token for this cloud: https, and ARM or a vault."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        ours = host == self.arm_host or host.endswith(f".{self.vault_suffix}")
        return parts.scheme == "https" and parts.port in (None, 443) and ours


PUBLIC = AzureCloud(
    "public",
    "https://management.azure.com",
    "https://management.azure.com/.default",
    "https://login.microsoftonline.com",
    "vault.azure.net",
)
US_GOVERNMENT = AzureCloud(
    "usgovernment",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net/.default",
    "https://login.microsoftonline.us",
    "vault.usgovcloudapi.net",
)
CHINA = AzureCloud(
    "china",
    "https://management.chinacloudapi.cn",
    "https://management.chinacloudapi.cn/.default",
    "https://login.chinacloudapi.cn",
    "vault.azure.cn",
)

_BY_NAME = {
    "": PUBLIC,
    "public": PUBLIC,
    "azurecloud": PUBLIC,
    "azurepubliccloud": PUBLIC,
    "usgov": US_GOVERNMENT,
    "usgovernment": US_GOVERNMENT,
    "azureusgovernment": US_GOVERNMENT,
    "azureusgovernmentcloud": US_GOVERNMENT,
    "china": CHINA,
    "azurechinacloud": CHINA,
}


def named(environment: str) -> AzureCloud:
    """The cloud that `ARM_ENVIRONMENT` names, in any of azure-native's spellings.

    Raises ValueError naming what is known: a misspelt cloud must not send a secret to the public one.
    """
    found = _BY_NAME.get(environment.strip().lower())
    if found is None:
        raise ValueError(
            f"the environment {environment!r} is not known; expected public, usgovernment or china "
            "(setting azure-cmk:environment, or ARM_ENVIRONMENT)"
        )
    return found
