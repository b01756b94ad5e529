"""Every use of a vault's keys is recorded."""

from typing import Any, Final

from core import audit_log, values
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark
from policies.rule import SERVICE_DOCUMENT, Findings, Options, RuleFinding, StackRule, later
from policies.used import UsedProtections

_CATEGORIES: Final = frozenset(name.lower() for name in audit_log.CATEGORIES)


def judge(protections: UsedProtections, _: Options) -> Findings:
    """PSRule's demand (AuditEvent, audit or allLogs, enabled), and a destination."""
    for vault in filter(protections.is_used, protections.stack.of(Kind.VAULT)):
        verdicts = [_is_audit(setting) for setting in protections.stack.logs_of(vault)]
        if True in verdicts:
            continue
        if Mark.UNKNOWN in verdicts:
            yield later("what its diagnostic setting records", vault.urn)
        else:
            yield RuleFinding(
                found=f"the vault {vault.name} has no diagnostic setting"
                + (" that records audit events" if verdicts else ""),
                required="a diagnostic setting with AuditEvent (or the group audit or allLogs) and a "
                "destination",
                fix="add azure-native's monitor.DiagnosticSetting for the vault, with a workspace, "
                "storage account or event hub",
                setting="set audit.newWorkspace to true, or audit.workspaceId, audit.storageAccountId or "
                "audit.eventHubRuleId to one that exists",
                urn=vault.urn,
            )


def _is_audit(setting: StackResource) -> bool | Mark:
    """Whether a setting sends audit events somewhere; a mark where that is not known."""
    logs = values.items(setting.stated("logs"))
    if all(values.name(setting.stated(name)) is None for name in audit_log.DESTINATIONS):
        return False
    verdicts = [logs] if isinstance(logs, Mark) else [_records(log) for log in logs]
    return True in verdicts or (Mark.UNKNOWN if Mark.UNKNOWN in verdicts else False)


def _records(log: Any) -> bool | Mark:
    enabled = values.flag(values.look(log, "enabled"))
    names = {values.word(values.look(log, part)) for part in ("category", "categoryGroup")}
    if enabled is not True:
        return Mark.UNKNOWN if isinstance(enabled, Mark) else False
    return bool(_CATEGORIES & names) or (Mark.UNKNOWN if Mark.UNKNOWN in names else False)


RULE = StackRule(
    why="customer-managed keys let one audit who used a key; without a log there is nothing to audit",
    source=SERVICE_DOCUMENT,
    severity="medium",
    same_as="azure-policy:cf820ca0-f99e-4f3e-84fb-66e913812d21 cis-azure-6.0:6.1.1.4 psrule:AZR-000119 "
    "kics:38c71c00 regula:FG_R00344 terrascan:AC_AZURE_0169 prowler:keyvault_logging_enabled "
    "cnspec:ensure-logging-enabled-kv",
    judge=judge,
)
