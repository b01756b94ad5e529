"""The audit trail: every use of the key and every access to the account, in a Log Analytics workspace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from components.alerts import make_alerts
from components.arguments import checks, names
from components.arguments.inputs import (
    ArgumentRule,
    Inputs,
    component_name,
    flag,
    mapping,
    read,
    required_text,
    text,
    texts,
)
from components.arguments.names import NamingRule
from components.arguments.problem import Problem
from components.arguments.tags import checked_tags
from components.component import ChildOptions, Component, Tags
from core import arm_ids, audit_log
from core.regions import region

# AuditEvent is each operation on the vault's keys with the caller's identity; Audit is each on the account
# itself.
VAULT_CATEGORIES = (audit_log.CATEGORY,)
ACCOUNT_CATEGORIES = ("Audit",)
RETENTION_DAYS = 365
WORKSPACE_TIER = "PerGB2018"
"""Pay as you go (learn.microsoft.com/azure/azure-monitor/logs/cost-logs)."""


class MadeAudit(NamedTuple):
    """The id of the workspace, if there is one, and the diagnostic settings."""

    workspace_id: pulumi.Output[str | None]
    settings: list[pulumi.Resource]


class AuditTrailArgs(TypedDict):
    """Inputs of AuditTrail."""

    resource_group_name: pulumi.Input[str]
    """Required. Resource group of a workspace made here."""
    location: pulumi.Input[str]
    """Required. The region of a workspace made here."""
    account_id: pulumi.Input[str]
    """Required. ARM id of the account."""
    vault_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of the vault made with the account."""
    workspace_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing workspace; without it one is made, `log-<name>`."""
    new_workspace: NotRequired[bool | None]
    """Optional. Whether a workspace is made where `workspaceId` is not given; `true` by default."""
    storage_account_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of a storage account for the logs, in the region of what is logged."""
    event_hub_rule_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an authorization rule of an Event Hubs namespace for the logs, in the region of
    what is logged: `.../namespaces/NAME/authorizationRules/RULE`, with the rights Manage, Send and Listen."""
    event_hub_name: NotRequired[str | None]
    """Optional. Name of the event hub; with `eventHubRuleId`. Default: one that Azure makes for each
    category."""
    setting_name: NotRequired[str | None]
    """Optional. Name of the diagnostic settings, when they are made. Default: `<name>-audit`."""
    alerts: NotRequired[bool | None]
    """Optional. Saves queries in the workspace, and alerts on failed unwraps and on keys that expire soon."""
    alert_emails: NotRequired[list[str] | None]
    """Optional. E-mail addresses that receive the alerts; with `alerts`."""
    alert_action_group_ids: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. ARM ids of existing action groups that receive the alerts; with `alerts`."""
    tags: NotRequired[Tags | None]
    """Optional. Tags of the workspace."""


def _recipients(audit: "AuditLogInputs") -> Iterator[Problem]:
    if (audit.alert_emails or audit.alert_action_group_ids) and not audit.alerts:
        yield Problem(
            "alerts",
            "found false, but alertEmails or alertActionGroupIds is set; set alerts: true, or remove them",
        )


def _destinations(audit: "AuditLogInputs") -> Iterator[Problem]:
    if audit.new_workspace and audit.workspace_id is not None:
        yield Problem("newWorkspace", "found true, but workspaceId names one that exists; remove one of them")
    if audit.alerts and not audit.has_workspace:
        yield Problem("alerts", "needs a workspace: remove newWorkspace: false, or give workspaceId")
    if audit.event_hub_name and audit.event_hub_rule_id is None:
        yield Problem("eventHubRuleId", "is required with eventHubName, because it says in which namespace")


def _alerts(audit: "AuditTrailInputs") -> Iterator[Problem]:
    if audit.alerts and audit.vault_id is None:
        yield Problem("alerts", "is for a vault's log, so vaultId is required")


def _somewhere(audit: "AuditTrailInputs") -> Iterator[Problem]:
    if not audit.keeps_logs:
        yield Problem(
            "newWorkspace",
            "found false, but none of workspaceId, storageAccountId and eventHubRuleId is given",
        )


@dataclass(frozen=True, kw_only=True)
class AuditLogInputs:
    """Where audit logs go, and who is alerted: the arguments that an AuditTrail and a service share."""

    RULES: ClassVar[tuple[ArgumentRule, ...]] = (
        ArgumentRule(
            _destinations, ("new_workspace", "workspace_id", "event_hub_rule_id", "event_hub_name", "alerts")
        ),
        ArgumentRule(_recipients, ("alerts", "alert_emails", "alert_action_group_ids")),
    )

    new_workspace: bool | None = flag()
    workspace_id: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.WORKSPACE)
    )
    storage_account_id: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.STORAGE_ACCOUNT)
    )
    event_hub_rule_id: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.EVENT_HUB_RULE)
    )
    event_hub_name: str | None = text(check=names.EVENT_HUB.checked)
    setting_name: str | None = text(check=names.DIAGNOSTIC_SETTING.checked)
    alerts: bool = flag(default=False)
    alert_emails: tuple[str, ...] = texts(check=checks.email)
    alert_action_group_ids: tuple[pulumi.Input[str], ...] = texts(
        accepts_outputs=True, check=checks.resource_id(arm_ids.ACTION_GROUP)
    )

    @property
    def has_workspace(self) -> bool:
        """Whether audit logs go to a workspace, one made here or an existing one."""
        return self.workspace_id is not None or self.new_workspace is not False

    @property
    def keeps_logs(self) -> bool:
        """Whether audit logs are kept anywhere."""
        others = (self.storage_account_id, self.event_hub_rule_id)
        return self.has_workspace or any(place is not None for place in others)

    @property
    def shared(self) -> dict[str, Any]:
        """These arguments, by their names."""
        return {one.name: getattr(self, one.name) for one in fields(AuditLogInputs)}


@dataclass(frozen=True, kw_only=True)
class AuditTrailInputs(AuditLogInputs, Inputs):
    """AuditTrailArgs with defaults."""

    ARGS = AuditTrailArgs
    RULES = (
        ArgumentRule(_alerts, ("alerts", "vault_id")),
        ArgumentRule(
            _somewhere, ("new_workspace", "workspace_id", "storage_account_id", "event_hub_rule_id")
        ),
        *AuditLogInputs.RULES,
    )

    name: str = component_name()
    resource_group_name: pulumi.Input[str] = required_text(
        accepts_outputs=True, check=names.RESOURCE_GROUP.checked
    )
    location: pulumi.Input[str] = required_text(accepts_outputs=True, check=region, example="westeurope")
    account_id: pulumi.Input[str] = required_text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.ACCOUNT)
    )
    vault_id: pulumi.Input[str] | None = text(accepts_outputs=True, check=checks.resource_id(arm_ids.VAULT))
    tags: Tags | None = mapping(check=checked_tags, accepts_outputs=True)
    rule: NamingRule | None = None

    @property
    def naming_rule(self) -> NamingRule:
        """What gives the resources made here their names."""
        return self.rule or NamingRule(self.name)


class AuditTrail(Component):
    """Sends the audit logs of an account and its vault to a workspace, and may alert on them.

    Produces: azure-native:monitor:DiagnosticSetting for each; azure-native:operationalinsights:Workspace if
    none is given; with `alerts` saved queries, an action group and two alerts.
    """

    workspace_id: pulumi.Output[str | None]
    """ARM id of the workspace; none with `newWorkspace: false` and no `workspaceId`."""

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = read(AuditTrailInputs, name, args)
        super().__init__(name, opts)
        self.workspace_id = make_audit_trail(inputs, self).workspace_id
        self.register_outputs({"workspaceId": self.workspace_id})


def make_audit_trail(
    inputs: AuditTrailInputs,
    owner: Component,
    workspace_provider: pulumi.ProviderResource | None = None,
    logs: ChildOptions | None = None,
) -> MadeAudit:
    """Makes the diagnostic settings.

    `workspace_provider` is an azure-native provider for the subscription of an existing workspace, if that is
    another one. `logs` are the options of the settings; by default they are protected like the account, or a
    destroy that is refused for the account would first have ended its audit.
    """
    name, vault_id = inputs.name, inputs.vault_id
    workspace_id = _workspace_id(inputs, owner)
    watched: Mapping[str, tuple[pulumi.Input[str] | None, tuple[str, ...]]] = {
        "account": (inputs.account_id, ACCOUNT_CATEGORIES),
        "vault": (vault_id, VAULT_CATEGORIES),
    }
    settings: list[pulumi.Resource] = []
    for what, (resource_id, categories) in watched.items():
        if resource_id is not None:
            setting = monitor.DiagnosticSetting(
                f"{name}-{what}-audit",
                name=inputs.setting_name or inputs.naming_rule.name("diagnosticSetting"),
                resource_uri=resource_id,
                workspace_id=workspace_id,
                storage_account_id=inputs.storage_account_id,
                event_hub_authorization_rule_id=inputs.event_hub_rule_id,
                event_hub_name=inputs.event_hub_name,
                logs=[
                    monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True)
                    for category in categories
                ],
                # Azure refuses a second setting with the same destinations, so an old one keeps its name.
                opts=(logs or owner.protected_child)(delete_before_replace=False, ignore_changes=["name"]),
            )
            settings.append(setting)
    if inputs.alerts and vault_id is not None and workspace_id is not None:
        make_alerts(
            inputs.naming_rule,
            owner.child,
            resource_group_name=inputs.resource_group_name,
            location=inputs.location,
            workspace_id=workspace_id,
            vault_id=vault_id,
            emails=inputs.alert_emails,
            action_group_ids=inputs.alert_action_group_ids,
            tags=inputs.tags,
            workspace_provider=workspace_provider,
        )
    return MadeAudit(pulumi.Output.from_input(workspace_id), settings)


def _workspace_id(inputs: AuditTrailInputs, owner: Component) -> pulumi.Output[str] | None:
    if not inputs.has_workspace:
        return None
    if inputs.workspace_id is not None:
        return pulumi.Output.from_input(inputs.workspace_id)
    return _workspace(inputs, owner)


def _workspace(inputs: AuditTrailInputs, owner: Component) -> pulumi.Output[str]:
    workspace = operationalinsights.Workspace(
        f"{inputs.name}-workspace",
        resource_group_name=inputs.resource_group_name,
        workspace_name=inputs.naming_rule.name("workspace"),
        location=inputs.location,
        sku={"name": WORKSPACE_TIER},
        retention_in_days=RETENTION_DAYS,
        tags=inputs.tags,
        # A component that is renamed by an alias keeps its logs.
        opts=owner.protected_child(ignore_changes=["workspaceName"]),
    )
    id: pulumi.Output[str] = workspace.id
    return id
