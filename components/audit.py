"""The audit trail: every use of the key and every access to the account, in a Log Analytics workspace.

Owns: what is sent where. Does not own: an existing vault's trail, which is its owner's.
"""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from components import names
from components.alerts import make_alerts
from components.component import Component, Tags
from components.inputs import checked

# AuditEvent is each operation on the vault's keys with the caller's identity; Audit is each on the account
# itself.
VAULT_CATEGORIES = ("AuditEvent",)
ACCOUNT_CATEGORIES = ("Audit",)
RETENTION_DAYS = 365


class AuditTrailArgs(TypedDict):
    """Inputs of AuditTrail."""

    resource_group_name: pulumi.Input[str]
    """Required. The group of a workspace made here."""
    location: pulumi.Input[str]
    """Required. The region of a workspace made here."""
    account_id: pulumi.Input[str]
    """Required. ARM id of the account."""
    vault_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of the vault made with the account."""
    workspace_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing workspace; without it one is made, `log-<name>`."""
    alerts: NotRequired[bool | None]
    """Optional. Keeps queries in the workspace, and alerts on failed unwraps and on keys that expire soon."""
    alert_emails: NotRequired[list[str] | None]
    """Optional. Addresses that alerts are sent to."""
    alert_action_group_ids: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. ARM ids of existing action groups that alerts are sent to."""
    tags: NotRequired[Tags | None]
    """Optional. Tags of the workspace."""


class AuditTrail(Component):
    """Sends the audit logs of an account and its vault to a workspace, and may alert on them.

    Produces: azure-native:monitor:DiagnosticSetting for each; azure-native:operationalinsights:Workspace if
    none is given; with `alerts` saved queries, an action group and two alerts.
    """

    workspace_id: pulumi.Output[str]
    """ARM id of the workspace."""

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked(args, AuditTrailArgs, {})
        super().__init__(name, opts)
        self.workspace_id = make_audit_trail(name, args, self)
        self.register_outputs({"workspaceId": self.workspace_id})


def make_audit_trail(
    name: str,
    args: AuditTrailArgs,
    owner: Component,
    workspace_provider: pulumi.ProviderResource | None = None,
) -> pulumi.Output[str]:
    """Makes what sends the logs, and the workspace's id. `workspace_provider` serves an existing workspace's
    subscription, if that is another one."""
    existing, vault_id = args.get("workspace_id"), args.get("vault_id")
    workspace_id = _workspace(name, args, owner) if existing is None else pulumi.Output.from_input(existing)
    watched: Mapping[str, tuple[pulumi.Input[str] | None, tuple[str, ...]]] = {
        "account": (args["account_id"], ACCOUNT_CATEGORIES),
        "vault": (vault_id, VAULT_CATEGORIES),
    }
    for what, (resource_id, categories) in watched.items():
        if resource_id is not None:
            monitor.DiagnosticSetting(
                f"{name}-{what}-audit",
                name=f"{name}-audit",
                resource_uri=resource_id,
                workspace_id=workspace_id,
                logs=[
                    monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True)
                    for category in categories
                ],
                opts=owner.part(),
            )
    if args.get("alerts") and vault_id is not None:
        make_alerts(
            name,
            owner.part,
            resource_group_name=args["resource_group_name"],
            location=args["location"],
            workspace_id=workspace_id,
            vault_id=vault_id,
            emails=args.get("alert_emails") or (),
            action_group_ids=args.get("alert_action_group_ids") or (),
            tags=args.get("tags"),
            workspace_provider=workspace_provider,
        )
    return workspace_id


def _workspace(name: str, args: AuditTrailArgs, owner: Component) -> pulumi.Output[str]:
    workspace = operationalinsights.Workspace(
        f"{name}-workspace",
        resource_group_name=args["resource_group_name"],
        workspace_name=names.workspace_name(name),
        location=args["location"],
        sku={"name": "PerGB2018"},
        retention_in_days=RETENTION_DAYS,
        tags=args.get("tags"),
        opts=owner.kept(),
    )
    return workspace.id
