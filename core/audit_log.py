"""Names in Key Vault's audit log, as a workspace has it in the table AzureDiagnostics.

Source: learn.microsoft.com/azure/key-vault/general/logging; for the column of the caller, the published
queries over AzureDiagnostics.
"""

from typing import Final

from core import values
from core.values import Hidden, Value

CATEGORY: Final = "AuditEvent"
"""The category of a diagnostic setting that delivers each operation on a vault's keys."""
CATEGORIES: Final = frozenset({CATEGORY.lower(), "alllogs", "audit"})
"""That category and the groups that contain it, in lower case."""
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


def recorded(logs: object) -> frozenset[Value]:
    """The categories, and groups of them, that the `logs` of a diagnostic setting deliver; in lower case. A
    mark is among them where a category, or whether it is delivered, is not shown. Azure takes no log without
    `enabled`, so one that does not state it delivers nothing (learn.microsoft.com/rest/api/monitor/
    diagnosticsettings/createorupdate, 2026-11-30)."""
    found = set[Value]()
    for log in values.each(logs):
        enabled = values.flag(values.get_path(log, "enabled"))
        if enabled is True:
            group, category = (
                values.word(values.get_path(log, name)) for name in ("categoryGroup", "category")
            )
            found.add(group or category)
        elif isinstance(enabled, Hidden):
            found.add(enabled)
    return frozenset(found - {None})
