"""Every use of a vault's keys is recorded."""

from typing import Final

from core import audit_log
from core.resource_types import Kind
from policies import sources
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation
from policies.stack_index import Node, StackIndex
from policies.view import UNKNOWN, View

_CATEGORIES: Final = frozenset(name.lower() for name in audit_log.CATEGORIES)


def judge(relations: Relations, _: Options) -> Findings:
    """PSRule's demand (AuditEvent, audit or allLogs, enabled), and a destination."""
    settings = _settings_by_vault(relations.index)
    for vault in filter(relations.is_used, relations.index.of(Kind.VAULT)):
        verdicts = [_is_audit(relations.index.stated(setting)) for setting in settings.get(vault.urn, [])]
        if True in verdicts:
            continue
        if UNKNOWN in verdicts:
            yield NotYetKnown("what its diagnostic setting records is not known yet", vault.urn)
        else:
            yield Violation(
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


def _settings_by_vault(index: StackIndex) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for setting in index.of(Kind.DIAGNOSTIC_SETTING):
        for name in ("resourceUri", "scope"):
            target = setting.view.text(name)
            vault = index.named_by(target) if isinstance(target, str) else None
            vault = vault or index.source(setting, Kind.VAULT, name)
            if vault is not None and vault.kind is Kind.VAULT:
                found.setdefault(vault.urn, []).append(setting)
                break
    return found


def _is_audit(setting: View) -> object:
    """True, False, or UNKNOWN."""
    logs = setting.views("logs")
    targets = [setting.text(name) for name in audit_log.DESTINATIONS]
    if all(target is None for target in targets):
        return False
    if logs is UNKNOWN:
        return UNKNOWN
    verdicts = [_records(log) for log in logs]
    return True if True in verdicts else UNKNOWN if UNKNOWN in verdicts else False


def _records(log: View) -> object:
    enabled, category, group = log.flag("enabled"), log.word("category"), log.word("categoryGroup")
    if enabled is not True:
        return UNKNOWN if enabled is UNKNOWN else False
    if _CATEGORIES & {category, group}:
        return True
    return UNKNOWN if UNKNOWN in (category, group) else False


RULE = StackRule(
    why="customer-managed keys let one audit who used a key; without a log there is nothing to audit",
    source=sources.SERVICE_DOCUMENT,
    severity="medium",
    same_as="azure-policy:cf820ca0-f99e-4f3e-84fb-66e913812d21 cis-azure-6.0:6.1.1.4 psrule:AZR-000119 "
    "kics:38c71c00 regula:FG_R00344 terrascan:AC_AZURE_0169 prowler:keyvault_logging_enabled "
    "cnspec:ensure-logging-enabled-kv",
    judge=judge,
)
