"""Azure's defaults for settings that a request leaves out. Azure's answers may leave these out, too.

Those of accounts: azure/ai-services/disable-local-auth and cognitive-services-virtual-networks.
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
