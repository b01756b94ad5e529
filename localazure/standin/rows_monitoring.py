"""Rows of the types that record and alert."""

from __future__ import annotations

from typing import Final

from localazure.standin.row import GROUP, GROUP_NAME, AutoName, ResourceType, Rule

WORKSPACE: Final = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}"

MONITORING: Final[tuple[ResourceType, ...]] = (
    ResourceType(
        module="monitor",
        name="DiagnosticSetting",
        path="/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        api_version="2021-05-01-preview",
        name_input="name",
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="operationalinsights",
        name="Workspace",
        path=WORKSPACE,
        api_version="2023-09-01",
        name_input="workspaceName",
        required=("location",),
        rules={
            "resourceGroupName": GROUP_NAME,
            "workspaceName": Rule(4, 63, r"^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$"),
        },
        force_new=frozenset({"location"}),
        flat_inputs=True,
        flat_outputs=True,
        inner=frozenset({"sku"}),
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="monitor",
        name="ActionGroup",
        path=f"{GROUP}/providers/Microsoft.Insights/actionGroups/{{actionGroupName}}",
        api_version="2024-10-01-preview",
        name_input="actionGroupName",
        rules={"resourceGroupName": GROUP_NAME, "groupShortName": Rule(longest=12)},
        force_new=frozenset({"location"}),
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="monitor",
        name="ScheduledQueryRule",
        path=f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/{{ruleName}}",
        api_version="2025-01-01-preview",
        name_input="ruleName",
        required=("criteria", "scopes"),
        rules={"resourceGroupName": GROUP_NAME},
        force_new=frozenset({"location"}),
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="operationalinsights",
        name="SavedSearch",
        path=f"{WORKSPACE}/savedSearches/{{savedSearchId}}",
        api_version="2023-09-01",
        name_input="savedSearchId",
        auto_name=AutoName.COPY,
        rules={"resourceGroupName": GROUP_NAME},
        flat_inputs=True,
        flat_outputs=True,
        # ARM has no tracked tags here: they are pairs among the search's own properties.
        inner=frozenset({"tags"}),
    ),
)
