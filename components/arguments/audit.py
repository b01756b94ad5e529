"""The audit trail: every use of the key and every access to the account, in a Log Analytics workspace."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pulumi

from components.arguments import checks
from components.arguments.inputs import Arguments, Rule, argument
from core import arm_ids
from core.service.problem import Problem


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
    logs; if it is protected, set `protect: false` in an update before, or run the commands that are
    printed."""
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
