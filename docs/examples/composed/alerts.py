"""Saved queries and alerts on the audit log of a service's vault."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from components.service import EncryptedAIServicesAccount
from core import arm_ids
from docs.examples.composed import audit_queries


@dataclass(frozen=True)
class Alert:
    """Raised when a query, run every `frequency`, returns anything from `window` (ISO 8601)."""

    query: audit_queries.Query
    severity: int
    frequency: str
    window: str


ALERTS = (
    # Data that cannot be read is an outage now.
    Alert(audit_queries.FAILED_UNWRAPS, 1, "PT5M", "PT15M"),
    # The key's rotation policy has the vault report it 30 days before.
    Alert(audit_queries.KEY_EXPIRY, 2, "P1D", "P1D"),
)


def make_alerts(
    name: str, service: EncryptedAIServicesAccount, *, location: str, emails: Sequence[str]
) -> None:
    """Saves the queries in the service's workspace, and makes the alerts, which tell the `emails`."""
    vault, workspace = service.vault_id.apply(str), service.workspace_id.apply(str)
    group, below = service.resource_group_name, pulumi.ResourceOptions(parent=service)
    for query in audit_queries.SAVED:
        operationalinsights.SavedSearch(
            f"{name}-{query.name}",
            resource_group_name=workspace.apply(arm_ids.group_of),
            workspace_name=workspace.apply(arm_ids.name_of),
            saved_search_id=f"{name}-{query.name}",
            category="Encryption keys",
            display_name=f"{query.title} ({name})",
            query=vault.apply(query.of),
            version=2,
            # Azure overwrites a saved search only for whoever sends its etag, which azure-native cannot.
            opts=pulumi.ResourceOptions(parent=service, replace_on_changes=["*"], delete_before_replace=True),
        )
    recipients = monitor.ActionGroup(
        f"{name}-alerts",
        resource_group_name=group,
        action_group_name=f"ag-{name}",
        location="global",
        # What a text message is signed with; Azure allows 12 characters.
        group_short_name="cmk-alerts",
        enabled=True,
        email_receivers=[
            {"name": email, "email_address": email, "use_common_alert_schema": True} for email in emails
        ],
        opts=below,
    )
    for alert in ALERTS:
        monitor.ScheduledQueryRule(
            f"{name}-{alert.query.name}-alert",
            resource_group_name=group,
            rule_name=f"alert-{name}-{alert.query.name}",
            location=location,
            kind="LogAlert",
            display_name=f"{alert.query.title} ({name})",
            severity=alert.severity,
            enabled=True,
            scopes=[workspace],
            evaluation_frequency=alert.frequency,
            window_size=alert.window,
            criteria={"all_of": [_any_result(vault.apply(alert.query.of))]},
            actions={"action_groups": [recipients.id]},
            opts=below,
        )


def _any_result(query: pulumi.Input[str]) -> monitor.ConditionArgsDict:
    return {
        "query": query,
        "time_aggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "failing_periods": {"number_of_evaluation_periods": 1, "min_failing_periods_to_alert": 1},
    }
