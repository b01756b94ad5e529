"""Diagnostic settings of one vault, as the tests of PSRule, KICS, Regula, Prowler and cnspec have them."""

from __future__ import annotations

from typing import Any, Final

from tests.policies.field.case import FAIL, PASS, Case, case

AUDIT = "vault-audited"
_BOTH = "Prowler and KICS want both groups; PSRule takes one of AuditEvent, audit, allLogs"
_DAYS = "Regula and cf820ca0 judge retention, which diagnostic settings have lost"
_NOWHERE = "a setting must send somewhere"


def setting(*logs: Any, **more: Any) -> dict[str, Any]:
    """A setting that sends to a workspace."""
    return {"workspaceId": "/subscriptions/s1/workspaces/w", "logs": list(logs), **more}


def log(category: Any = None, enabled: Any = True, **more: Any) -> dict[str, Any]:
    """One log of a category."""
    return {"category": category, "enabled": enabled, **more}


def group(name: str, enabled: Any = True) -> dict[str, Any]:
    """One log of a category group."""
    return {"categoryGroup": name, "enabled": enabled}


_EVENT = log("AuditEvent")
_KEPT = {"enabled": True, "days": 180}
CASES: Final[list[Case]] = [
    case("AZR-000119", True, setting(_EVENT), AUDIT),
    case("AZR-000119", True, setting(group("audit")), AUDIT),
    case("AZR-000119", True, setting(group("allLogs")), AUDIT),
    case("AZR-000119", False, setting(log("AuditEvent", enabled=False)), AUDIT),
    case("AZR-000119", False, setting(log("AzurePolicyEvaluationDetails")), AUDIT),
    case("AZR-000119", False, setting(group("audit", enabled=False), group("allLogs", enabled=False)), AUDIT),
    case("AZR-000119", False, setting(), AUDIT),
    case("AZR-000119", False, setting(metrics=[{"category": "AllMetrics", "enabled": True}]), AUDIT),
    case("AZR-000119", True, {"logs": [_EVENT]}, but=_NOWHERE, own={AUDIT: FAIL}),
    case("AZR-000119", True, setting(_EVENT, workspaceId=""), but=_NOWHERE, own={AUDIT: FAIL}),
    case("kics:38c71c00", True, setting(group("audit"), group("allLogs")), AUDIT),
    case("kics:38c71c00", False, {"logs": [group("audit"), group("allLogs")]}, AUDIT),
    case("kics:38c71c00", False, setting(group("audit")), but=_BOTH, own={AUDIT: PASS}),
    case("kics:38c71c00", False, setting(group("audit", enabled=False)), AUDIT),
    case("kics:38c71c00 older", True, setting(log("AuditEvent", retentionPolicy=_KEPT)), AUDIT),
    case("regula:FG_R00344", True, setting(log("AuditEvent", retentionPolicy=_KEPT)), AUDIT),
    case("regula:FG_R00344", False, setting(_EVENT), but=_DAYS, own={AUDIT: PASS}),
    case("regula:FG_R00344", False, setting(log("AuditEvent", False, retentionPolicy=_KEPT)), AUDIT),
    case(
        "cf820ca0",
        False,
        {
            "storageAccountId": "/sa",
            "logs": [log("AuditEvent", retentionPolicy={"enabled": True, "days": 30})],
        },
        but=_DAYS,
        own={AUDIT: PASS},
    ),
    case("cf820ca0", True, {"storageAccountId": "/sa", "logs": [_EVENT]}, AUDIT),
    case("cf820ca0", True, {"eventHubAuthorizationRuleId": "/eh", "logs": [_EVENT]}, AUDIT),
    case("cf820ca0", True, {"marketplacePartnerId": "/mp", "logs": [_EVENT]}, AUDIT),
    case("cf820ca0", True, {"properties": setting(_EVENT)}, AUDIT),
    case("prowler:logging", True, setting(group("allLogs"), group("audit"), log("x", False)), AUDIT),
    case("prowler:logging", True, setting(log("auditEvent")), AUDIT),
    case("prowler:logging", False, setting(group("allLogs")), but=_BOTH, own={AUDIT: PASS}),
    case("prowler:logging", False, setting(log("MetricCategory")), AUDIT),
    case("terrascan:AC_AZURE_0169", False, setting(log(None)), AUDIT),
    case("cnspec:logging", True, setting(log("AuditEvent", "true")), AUDIT),
    case("cnspec:logging", False, setting(log("AuditEvent", "false")), AUDIT),
    case("cnspec:logging", False, setting(log("AuditEvent", None)), AUDIT),
    case("no logs", False, {"workspaceId": "/w", "logs": None}, AUDIT),
]
