"""The audit trail: every use of the key and every access to the account, in a Log Analytics workspace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from components.arguments import checks, names
from components.arguments.inputs import ArgumentRule, Arguments, ComponentArguments, argument, read
from components.arguments.names import NamingRule
from components.arguments.problem import Problem
from components.arguments.tags import Tags, checked_tags
from components.component import ChildOptions, Component
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


def _destinations(audit: "AuditLogArguments") -> Iterator[Problem]:
    if audit.new_workspace and audit.workspace_id is not None:
        yield Problem("newWorkspace", "found true, but workspaceId names one that exists; remove one of them")
    if audit.event_hub_name and audit.event_hub_rule_id is None:
        yield Problem("eventHubRuleId", "is required with eventHubName, because it says in which namespace")


def _somewhere(audit: "AuditTrailArgs") -> Iterator[Problem]:
    if not audit.keeps_logs:
        yield Problem(
            "newWorkspace",
            "found false, but none of workspaceId, storageAccountId and eventHubRuleId is given",
        )


@dataclass(frozen=True, kw_only=True)
class AuditLogArguments(Arguments):
    """Where audit logs go, and who is alerted: the arguments that an AuditTrail and a service share."""

    _RULES: ClassVar[tuple[ArgumentRule, ...]] = (
        ArgumentRule(_destinations, ("new_workspace", "workspace_id", "event_hub_rule_id", "event_hub_name")),
    )

    new_workspace: bool | None = None
    """Optional. Whether a Log Analytics workspace `log-<name>` is made for the audit logs. Default: `true`,
    unless `workspaceId` is given. With `false` and no other destination no logs are kept, which the policy
    pack refuses for a vault. A workspace that was made is then deleted with its logs; while it is protected,
    that takes `protect: false` in an update before, or the `pulumi state unprotect` commands that are
    printed."""
    workspace_id: pulumi.Input[str] | None = argument(None, check=checks.resource_id(arm_ids.WORKSPACE))
    """Optional. ARM id of an existing Log Analytics workspace for the audit logs."""
    storage_account_id: pulumi.Input[str] | None = argument(
        None, check=checks.resource_id(arm_ids.STORAGE_ACCOUNT)
    )
    """Optional. ARM id of an existing storage account that gets the audit logs, too. It has to be in the
    service's region, of a standard tier, and open to trusted Microsoft services."""
    event_hub_rule_id: pulumi.Input[str] | None = argument(
        None, check=checks.resource_id(arm_ids.EVENT_HUB_RULE)
    )
    """Optional. ARM id of an existing authorization rule of an Event Hubs namespace that gets the audit logs,
    too: `.../namespaces/NAME/authorizationRules/RULE`. The namespace has to be in the service's region, and
    the rule needs the rights Manage, Send and Listen."""
    event_hub_name: str | None = argument(None, check=names.EVENT_HUB.checked)
    """Optional. Name of the event hub in that namespace; with `eventHubRuleId`. Default: one that Azure makes
    for each category of logs."""

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
        return {one.name: getattr(self, one.name) for one in fields(AuditLogArguments)}


@dataclass(frozen=True, kw_only=True)
class AuditTrailArgs(AuditLogArguments, ComponentArguments):
    """Inputs of AuditTrail."""

    _RULES: ClassVar[tuple[ArgumentRule, ...]] = (
        ArgumentRule(
            _somewhere, ("new_workspace", "workspace_id", "storage_account_id", "event_hub_rule_id")
        ),
    )

    resource_group_name: pulumi.Input[str] = argument(check=names.RESOURCE_GROUP.checked)
    """Required. Resource group of a workspace made here."""
    location: pulumi.Input[str] = argument(check=region, example="westeurope")
    """Required. The region of a workspace made here."""
    account_id: pulumi.Input[str] = argument(check=checks.resource_id(arm_ids.ACCOUNT))
    """Required. ARM id of the account."""
    vault_id: pulumi.Input[str] | None = argument(None, check=checks.resource_id(arm_ids.VAULT))
    """Optional. ARM id of the vault made with the account."""
    tags: Tags | None = argument(None, check=checked_tags)
    """Optional. Tags of the workspace."""
    _rule: NamingRule | None = None

    @property
    def naming_rule(self) -> NamingRule:
        """What gives the resources made here their names."""
        return self._rule or NamingRule(self.name)


class AuditTrail(Component):
    """Sends the audit logs of an account and its vault to a workspace, a storage account or an event hub.

    Produces: azure-native:monitor:DiagnosticSetting for each; azure-native:operationalinsights:Workspace if
    none is given.
    """

    workspace_id: pulumi.Output[str | None]
    """ARM id of the workspace; none with `newWorkspace: false` and no `workspaceId`."""

    def __init__(
        self, name: str, args: AuditTrailArgs | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        inputs = read(AuditTrailArgs, name, args)
        super().__init__(name, opts)
        self.workspace_id = make_audit_trail(inputs, self).workspace_id
        self.register_outputs(self.outputs())


def make_audit_trail(
    inputs: AuditTrailArgs,
    owner: Component,
    logs: ChildOptions | None = None,
) -> MadeAudit:
    """Makes the diagnostic settings.

    `logs` are the options of the settings; by default they are protected like the account, or a
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
                name=inputs.naming_rule.name("diagnosticSetting"),
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
    return MadeAudit(pulumi.Output.from_input(workspace_id), settings)


def _workspace_id(inputs: AuditTrailArgs, owner: Component) -> pulumi.Output[str] | None:
    if not inputs.has_workspace:
        return None
    if inputs.workspace_id is not None:
        return pulumi.Output.from_input(inputs.workspace_id)
    return _workspace(inputs, owner)


def _workspace(inputs: AuditTrailArgs, owner: Component) -> pulumi.Output[str]:
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
