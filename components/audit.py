"""The audit trail: every use of the key and every access to the account, in a Log Analytics workspace."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.arguments import checks
from components.arguments.inputs import Arguments, Rule, argument
from components.arguments.problem import Problem
from components.declared import Declaration, Declare
from core import arm_ids, audit_log, resource_types

CATEGORIES = {"account": "Audit", "vault": audit_log.CATEGORY}
"""The category Audit records each operation on the account itself; AuditEvent records each operation on the
vault's keys, with the caller's identity."""
RETENTION_DAYS = 365
WORKSPACE_TIER = "PerGB2018"
"""Pay as you go (learn.microsoft.com/azure/azure-monitor/logs/cost-logs)."""
_FURTHER = (audit_log.STORAGE, audit_log.EVENT_HUB, audit_log.EVENT_HUB_NAME)


def _destinations(audit: "ServiceAuditArgs") -> Iterator[Problem]:
    if audit.new_workspace and audit.workspace_id is not None:
        yield Problem("newWorkspace", "found true, but workspaceId names one that exists; remove one of them")


@dataclass(frozen=True, kw_only=True)
class ServiceAuditArgs(Arguments):
    """Where the audit logs of the account and of the vault made here go."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_destinations,)

    new_workspace: bool | None = None
    """Optional. Whether a Log Analytics workspace `log-<name>` is made for the audit logs. Default: `true`,
    unless `workspaceId` is given. With `false` and no `workspaceId` no logs are kept, which the policy pack
    refuses for a vault without another diagnostic setting. A workspace that was made is then deleted with its
    logs; while it is protected, that takes `protect: false` in an update before, or the `pulumi state
    unprotect` commands that are printed."""
    workspace_id: pulumi.Input[str] | None = argument(None, check=checks.resource_id(arm_ids.WORKSPACE))
    """Optional. ARM id of an existing Log Analytics workspace for the audit logs."""

    @property
    def makes_workspace(self) -> bool:
        """Whether the workspace is made here."""
        return self.keeps_logs and self.workspace_id is None

    @property
    def keeps_logs(self) -> bool:
        """Whether audit logs are kept, in a workspace made here or in an existing one."""
        return self.workspace_id is not None or self.new_workspace is not False


def make_audit_trail(
    service: str,
    audit: ServiceAuditArgs,
    watched: Mapping[str, pulumi.Input[str] | None],
    arguments: Mapping[str, Any],
    declare: Declare,
    *,
    name_of: Callable[[str], str],
    argument: str,
) -> pulumi.Output[str | None]:
    """Makes a diagnostic setting for each of the ids in `watched`, `account` and `vault`. If no workspace is
    given, it makes one in the place that `arguments` name; `argument` is the path that names it. Returns the
    id of the workspace; nothing if no logs are to be kept.

    The settings are protected like the account. Otherwise a destroy that is refused for the account would
    end its audit first.
    """
    if not audit.keeps_logs:
        return pulumi.Output.from_input(None)
    name, workspace_id = name_of("diagnosticSetting"), audit.workspace_id
    if audit.makes_workspace:
        made_name, sku = name_of("workspace"), {"name": WORKSPACE_TIER}
        given = {**arguments, "workspaceName": made_name, "sku": sku, "retentionInDays": RETENTION_DAYS}
        made = f"{service}-workspace"
        workspace = Declaration(resource_types.WORKSPACE, made, given, argument, "audit.workspaceId")
        # A component that is renamed by an alias keeps its logs.
        workspace_id = declare(workspace, ignore_changes=["workspaceName"]).id
    for what, resource_id in watched.items():
        if resource_id is not None:
            given = {
                "name": name,
                "resourceUri": resource_id,
                "workspaceId": workspace_id,
                "logs": [{"category": CATEGORIES[what], "enabled": True}],
            }
            made = f"{service}-{what}-audit"
            setting = Declaration(resource_types.DIAGNOSTIC_SETTING, made, given, "audit", at=resource_id)
            # Azure refuses a second setting with the same destinations, so an old one keeps its name; and the
            # further destinations that an earlier version gave it, or its logs would end there in silence.
            declare(setting, delete_before_replace=False, ignore_changes=["name", *_FURTHER])
    return pulumi.Output.from_input(workspace_id)
