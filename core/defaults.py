"""Azure's defaults for settings that a request leaves out. Azure's answers may leave these out, too.

Those of accounts: azure/ai-services/disable-local-auth and cognitive-services-virtual-networks.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from core.sourced import Fact, Standing

DEFAULTS: Final[Mapping[str, Any]] = {
    "enableSoftDelete": True,
    "softDeleteRetentionInDays": 90,
    "publicNetworkAccess": "Enabled",
    "defaultAction": "Allow",
    "bypass": "AzureServices",
    "disableLocalAuth": False,
    "restrictOutboundNetworkAccess": False,
}
"""By property name; each name means the same in a vault, a managed HSM and an account."""
_READ: Final = date(2026, 11, 28)
FACTS: Final = (
    Fact(
        "A new vault has soft delete, for 90 days unless it says otherwise, which never changes afterwards.",
        "learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
        _READ,
    ),
    Fact(
        "A new vault has no purge protection unless it says so; enabling it is irreversible.",
        "Azure/azure-rest-api-specs#18106",
        _READ,
        Standing.OBSERVED,
    ),
    Fact(
        "A new vault has no firewall.",
        "learn.microsoft.com/azure/key-vault/general/network-security",
        _READ,
    ),
    Fact(
        "A vault's networkAcls without bypass have AzureServices.",
        "learn.microsoft.com/dotnet/api/azure.provisioning.keyvault.keyvaultnetworkrulebypassoption",
        _READ,
    ),
)
