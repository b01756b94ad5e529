"""Azure's defaults for settings that a request leaves out. Azure's answers may leave these out, too.

Sources, read 2026-11-28: VaultProperties and NetworkRuleSet of Microsoft.KeyVault 2024-11-01 (soft delete is
on where nothing is said when a vault is made, for 90 days; bypass is AzureServices);
azure/key-vault/general/network-security (the firewall is off by default); azure/ai-services/
disable-local-auth and cognitive-services-virtual-networks (login by key and all networks by default).
Purge protection is left out: it is off by default, but a write that does not state it leaves it on.
"""

from collections.abc import Mapping
from typing import Any, Final

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
