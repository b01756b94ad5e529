"""Saved queries and alerts on a vault's audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from components import audit_queries
from components.arguments.names import NamingRule
from components.arguments.tags import Tags
from components.component import ChildOptions
from core import arm_ids


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
    rule: NamingRule,
    options: ChildOptions,
    *,
    resource_group_name: pulumi.Input[str],
    location: pulumi.Input[str],
    workspace_id: pulumi.Output[str],
    vault_id: pulumi.Input[str],
    emails: Sequence[str],
    action_group_ids: Sequence[pulumi.Input[str]],
    tags: Tags | None,
    workspace_provider: pulumi.ProviderResource | None = None,
) -> None:
    """Saves the queries in the workspace, and makes the alerts and their recipients.

    `workspace_provider` is an azure-native provider for the workspace's subscription, if that is another
    one: a saved query is part of the workspace, while the alerts only refer to it.
    """
    name, vault = rule.service, pulumi.Output.from_input(vault_id)
    place = workspace_id.apply(lambda found: arm_ids.resource_id(found, arm_ids.WORKSPACE))
    for query in audit_queries.SAVED:
        operationalinsights.SavedSearch(
            f"{name}-{query.name}",
            resource_group_name=place.group,
            workspace_name=place.name,
            saved_search_id=f"{name}-{query.name}",
            category="Encryption keys",
            display_name=f"{query.title} ({name})",
            query=vault.apply(query.of),
            version=2,
            # Azure overwrites a saved search only for whoever sends its etag, which azure-native cannot.
            opts=options(provider=workspace_provider, replace_on_changes=["*"], delete_before_replace=True),
        )
    recipients: list[pulumi.Input[str]] = list(action_group_ids)
    if emails:
        recipients.append(_action_group(rule, options, resource_group_name, emails, tags))
    for alert in ALERTS:
        monitor.ScheduledQueryRule(
            f"{name}-{alert.query.name}-alert",
            resource_group_name=resource_group_name,
            rule_name=rule.name("alert", alert.query.name),
            location=location,
            kind="LogAlert",
            display_name=f"{alert.query.title} ({name})",
            severity=alert.severity,
            enabled=True,
            scopes=[workspace_id],
            evaluation_frequency=alert.frequency,
            window_size=alert.window,
            criteria={"all_of": [_any_result(vault.apply(alert.query.of))]},
            actions={"action_groups": recipients} if recipients else None,
            tags=tags,
            opts=options(),
        )


def _any_result(query: pulumi.Input[str]) -> monitor.ConditionArgsDict:
    return {
        "query": query,
        "time_aggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "failing_periods": {"number_of_evaluation_periods": 1, "min_failing_periods_to_alert": 1},
    }


def _action_group(
    rule: NamingRule,
    options: ChildOptions,
    resource_group_name: pulumi.Input[str],
    emails: Sequence[str],
    tags: Tags | None,
) -> pulumi.Output[str]:
    group = monitor.ActionGroup(
        f"{rule.service}-alerts",
        resource_group_name=resource_group_name,
        action_group_name=rule.name("actionGroup"),
        location="global",
        # What a text message is signed with; Azure allows 12 characters.
        group_short_name="cmk-alerts",
        enabled=True,
        email_receivers=[
            {"name": email, "email_address": email, "use_common_alert_schema": True} for email in emails
        ],
        tags=tags,
        opts=options(),
    )
    id: pulumi.Output[str] = group.id
    return id
