"""The questions an auditor asks of a vault's log, in the Kusto query language.

Owns: their text. Pure. The log is the table AzureDiagnostics with the category AuditEvent; its fields and the
names of operations are those of learn.microsoft.com/azure/key-vault/general/logging.
"""

from __future__ import annotations

from dataclasses import dataclass

_IDENTITY = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"


@dataclass(frozen=True)
class Query:
    """One question. `name` is stable, `title` for people; `body` goes on from the vault's own events."""

    name: str
    title: str
    body: str

    def of(self, vault_id: str) -> str:
        """The whole query, for one vault; a workspace may hold the logs of many."""
        events = (
            'AzureDiagnostics\n| where ResourceProvider == "MICROSOFT.KEYVAULT" and Category == "AuditEvent"'
        )
        return f'{events}\n| where ResourceId =~ "{vault_id}"\n{self.body}'


KEY_USE = Query(
    "key-use-by-identity",
    "Key use by identity",
    '| where OperationName in ("KeyWrap", "KeyUnwrap", "KeyGet")\n'
    f"| summarize uses = count(), first = min(TimeGenerated), last = max(TimeGenerated)\n"
    f"    by identity = {_IDENTITY}, OperationName, ResultSignature, key = id_s\n"
    "| order by last desc",
)
FAILED_UNWRAPS = Query(
    "failed-unwraps",
    "Failed unwraps: data that could not be read",
    '| where OperationName == "KeyUnwrap" and httpStatusCode_d >= 400\n'
    f"| project TimeGenerated, identity = {_IDENTITY}, key = id_s, ResultSignature, ResultDescription,\n"
    "    CallerIPAddress, CorrelationId",
)
KEY_CHANGES = Query(
    "key-changes",
    "Changes of keys and of access to them",
    '| where OperationName in ("KeyCreate", "KeyImport", "KeyRotate", "KeyUpdate", "KeyDelete",\n'
    '    "KeyRecover", "KeyPurge", "KeyRestore", "VaultPatch", "VaultPut", "VaultDelete",\n'
    '    "VaultAccessPolicyChangedEventGridNotification", "KeyNewVersionCreatedEventGridNotification")\n'
    f"| project TimeGenerated, OperationName, identity = {_IDENTITY}, key = id_s, ResultSignature,\n"
    "    CallerIPAddress\n"
    "| order by TimeGenerated desc",
)
KEY_EXPIRY = Query(
    "key-near-expiry",
    "Keys that expire soon or have expired",
    '| where OperationName in ("KeyNearExpiryEventGridNotification", "KeyExpiredEventGridNotification")\n'
    "| project TimeGenerated, OperationName, Resource, key = id_s",
)

SAVED = (KEY_USE, FAILED_UNWRAPS, KEY_CHANGES)
