"""Alerts, queries, roles and policies over gRPC, with the local Azure's own ARM behind it."""

from __future__ import annotations

import pytest

from tests.localazure.standin.cloud import PLACE, cloud, made, unchanged

pytestmark = pytest.mark.asyncio


async def test_alerts_and_saved_queries_are_kept_as_they_were_written() -> None:
    """Workspace, saved search, action group and query rule: created, refreshed without a change, deleted."""
    async with cloud() as (instance, case, _):
        workspace = await made(instance, "azure-native:operationalinsights:Workspace", workspaceName="logs")
        search = await made(
            instance,
            "azure-native:operationalinsights:SavedSearch",
            workspaceName="logs",
            savedSearchId="uses",
            category="Keys",
            displayName="Key uses",
            query="AuditEvent | take 10",
            tags=[{"name": "Group", "value": "Computer"}],
        )
        group = await made(
            instance,
            "azure-native:monitor:ActionGroup",
            actionGroupName="team",
            groupShortName="team",
            location="Global",
            enabled=True,
            emailReceivers=[{"name": "me", "emailAddress": "me@contoso.com", "useCommonAlertSchema": True}],
        )
        rule = await made(
            instance,
            "azure-native:monitor:ScheduledQueryRule",
            ruleName="refused",
            scopes=[workspace[0]],
            severity=1,
            windowSize="PT5M",
            evaluationFrequency="PT5M",
            criteria={"allOf": [{"query": "AuditEvent", "operator": "GreaterThan", "threshold": 0.0}]},
            actions={"actionGroups": [group[0]]},
        )
        assert search[2]["query"] == "AuditEvent | take 10"
        assert search[2]["tags"] == [{"name": "Group", "value": "Computer"}]
        assert group[2]["emailReceivers"][0]["status"] == "Enabled"
        assert rule[2]["criteria"]["allOf"][0]["query"] == "AuditEvent"
        assert rule[2]["actions"] == {"actionGroups": [group[0]]}
        types = (
            ("operationalinsights:SavedSearch", search),
            ("monitor:ActionGroup", group),
            ("monitor:ScheduledQueryRule", rule),
        )
        for type, resource in types:
            await unchanged(instance, f"azure-native:{type}", *resource)
            await instance.delete(f"azure-native:{type}", resource[0], resource[1])
        for id in (search[0], group[0], rule[0]):
            assert case.send("GET", id).status == 404


async def test_workspace_keys_and_role_definitions_can_be_asked_for() -> None:
    """getSharedKeys gives two keys, the same each time; getRoleDefinition a built-in role."""
    user = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    async with cloud() as (instance, case, _):
        await made(instance, "azure-native:operationalinsights:Workspace", workspaceName="logs")
        token = "azure-native:operationalinsights:getSharedKeys"
        keys = [await instance.invoke(token, **PLACE, workspaceName="logs") for _ in range(2)]
        role = await instance.invoke(
            "azure-native:authorization:getRoleDefinition", scope=case.group, roleDefinitionId=user
        )
    assert keys[0] == keys[1]
    assert set(keys[0]) == {"primarySharedKey", "secondarySharedKey"}
    assert (role["roleName"], role["roleType"]) == ("Key Vault Crypto Service Encryption User", "BuiltInRole")
    assert role["permissions"][0]["dataActions"]
