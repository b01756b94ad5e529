"""Queries of a vault's audit log, in the Kusto query language.

The log is in the table AzureDiagnostics; its fields and operations: learn.microsoft.com/azure/key-vault/
general/logging.
"""

from dataclasses import dataclass

from core import audit_log

# In a new workspace, neither the table nor the columns beyond its fixed ones exist before the first record,
# and Azure refuses an alert over what does not exist (SEM0100, reported in Azure/azure-cli-extensions#3002).
# A fuzzy union passes over a missing table, column_ifexists over a missing column.
_EVENTS = """union isfuzzy=true
    (datatable(TimeGenerated: datetime, ResourceId: string, Category: string, OperationName: string)[]),
    AzureDiagnostics
| where Category == "{category}" and ResourceId =~ "{vault_id}"
| extend
    identity = tostring(column_ifexists("{identity}", "")),
    key = tostring(column_ifexists("id_s", "")),
    status = toint(column_ifexists("httpStatusCode_d", real(null))),
    vault = tostring(column_ifexists("Resource", "")),
    result = tostring(column_ifexists("ResultSignature", "")),
    reason = tostring(column_ifexists("ResultDescription", "")),
    address = tostring(column_ifexists("CallerIPAddress", "")),
    correlation = tostring(column_ifexists("CorrelationId", ""))
"""


@dataclass(frozen=True)
class Query:
    """One query. `name` is its identity, `title` is for people; `body` continues from the vault's events."""

    name: str
    title: str
    body: str

    def of(self, vault_id: str) -> str:
        """The whole query, for one vault: a workspace may hold the logs of many."""
        return (
            _EVENTS.format(vault_id=vault_id, identity=audit_log.IDENTITY_COLUMN, category=audit_log.CATEGORY)
            + self.body
        )


KEY_USE = Query(
    "key-use-by-identity",
    "Key use by identity",
    '| where OperationName in ("KeyWrap", "KeyUnwrap", "KeyGet")\n'
    "| summarize uses = count(), first = min(TimeGenerated), last = max(TimeGenerated)\n"
    "    by identity, OperationName, result, key\n"
    "| order by last desc",
)
FAILED_UNWRAPS = Query(
    "failed-unwraps",
    "Failed unwraps: data that could not be read",
    '| where OperationName == "KeyUnwrap" and status >= 400\n'
    "| project TimeGenerated, identity, key, result, reason, address, correlation",
)
KEY_CHANGES = Query(
    "key-changes",
    "Changes of keys and of access to them",
    '| where OperationName in ("KeyCreate", "KeyImport", "KeyRotate", "KeyUpdate", "KeyDelete",\n'
    '    "KeyRecover", "KeyPurge", "KeyRestore", "VaultPatch", "VaultPut", "VaultDelete",\n'
    '    "VaultAccessPolicyChangedEventGridNotification", "KeyNewVersionCreatedEventGridNotification")\n'
    "| project TimeGenerated, OperationName, identity, key, result, address\n"
    "| order by TimeGenerated desc",
)
KEY_EXPIRY = Query(
    "key-near-expiry",
    "Keys that expire soon or have expired",
    '| where OperationName in ("KeyNearExpiryEventGridNotification", "KeyExpiredEventGridNotification")\n'
    "| project TimeGenerated, OperationName, vault, key",
)

SAVED = (KEY_USE, FAILED_UNWRAPS, KEY_CHANGES)
