"""Names in Key Vault's audit log, as a workspace has it in the table AzureDiagnostics.

Source: learn.microsoft.com/azure/key-vault/general/logging; for the column of the caller, the published
queries over AzureDiagnostics.
"""

from typing import Final

CATEGORY: Final = "AuditEvent"
"""The category of a diagnostic setting that delivers each operation on a vault's keys."""
CATEGORIES: Final = frozenset({CATEGORY, "allLogs", "audit"})
"""That category and the groups that contain it."""
WORKSPACE: Final = "workspaceId"
STORAGE: Final = "storageAccountId"
EVENT_HUB: Final = "eventHubAuthorizationRuleId"
EVENT_HUB_NAME: Final = "eventHubName"
DESTINATIONS: Final = {
    WORKSPACE: "Log Analytics workspace",
    STORAGE: "storage account",
    EVENT_HUB: "event hub",
    "marketplacePartnerId": "partner",
}
"""The properties of a diagnostic setting that say where logs go, and what each is."""
IDENTITY_COLUMN: Final = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"
"""The object id of the caller. A column exists only once a record has filled it."""
