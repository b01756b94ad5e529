"""Where the demands come from, worded once."""

from typing import Final

SERVICE_DOCUMENT: Final = "Language service encryption of data at rest, Microsoft Learn"
KEY_VAULT_DOCUMENT: Final = "Azure Key Vault documentation, Microsoft Learn"
FIELD: Final = "agreed practice of Azure Policy, CIS and PSRule"
OBSERVED: Final = "observed behaviour of azure-native and the service"
