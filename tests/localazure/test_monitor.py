"""Diagnostic settings and what they deliver to a workspace, alert rules on it, and its saved searches."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.cloud import iso
from localazure.monitor import delivered
from tests.localazure.observed.fact import vault_body
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-logged"
EVENT = {"category": "AuditEvent"}
STATUS = "AzureDiagnostics | where OperationName == 'KeyUnwrap' | where httpStatusCode_d >= 400"


@pytest.fixture
def logged(door: Door) -> Door:
    """A cloud with a vault and a new workspace."""
    assert door.send("PUT", VAULT, vault_body()).status == 200
    assert door.send("PUT", WORKSPACE, WEST).status == 201
    return door


def setting(name: str = "d") -> str:
    return f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/{name}"


def put(door: Door, name: str, *logs: dict[str, Any], workspace: Any = WORKSPACE) -> Reply:
    """Puts a setting of the vault; each log is enabled."""
    sent = [{"enabled": True, **log} for log in logs]
    return door.send("PUT", setting(name), {"properties": {"workspaceId": workspace, "logs": sent}})


def use(door: Door, operation: str, resource: str = VAULT) -> None:
    door.cloud.clock.advance(1)
    record = {"time": iso(door.cloud.clock.now()), "operation": operation}
    door.cloud.store.append("audit", resource, record)


def test_diagnostic_settings_deliver_to_their_workspace(logged: Door) -> None:
    """A workspace gets a resource's records from the setting's making to its end, and no others."""
    use(logged, "before")
    made = put(logged, "d", EVENT)
    assert (made.status, made.body["id"]) == (200, setting().lower())
    assert made.body["properties"]["storageAccountId"] is None
    use(logged, "during")
    use(logged, "elsewhere", f"{VAULT}2")
    assert logged.send("DELETE", setting()).status == 200
    use(logged, "after")
    records = delivered(logged.cloud, WORKSPACE)
    assert [(r["operation"], r["category"]) for r in records] == [("during", "AuditEvent")]


def test_a_workspace_is_made_by_an_operation(door: Door) -> None:
    """201 with a Location, Creating until its time has come and somebody has looked; a change is at once."""
    door.cloud.behave(operation_seconds=60)
    made = door.send("PUT", WORKSPACE, WEST)
    url = made.headers["location"]
    assert url.startswith(f"{ARM}{WORKSPACE}?api-version=")
    states = [made.body["properties"]["provisioningState"]]
    for seconds in (0, 61):
        door.cloud.clock.advance(seconds)
        states.append(door.send("GET", url).body["properties"]["provisioningState"])
    assert (made.status, states) == (201, ["Creating", "Creating", "Succeeded"])
    changed = door.send("PATCH", WORKSPACE, {"tags": {"a": "b"}}).body
    assert (changed["properties"]["provisioningState"], "operation" in changed) == ("Succeeded", False)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, ""),
        ({"workspaceId": f"{WORKSPACE}-not-there"}, ""),
        ({"logs": [EVENT]}, ""),
        *(({"workspaceId": sink, "logs": [EVENT]}, "") for sink in (5, ["x"], {"id": "x"})),
        *(
            (
                {"workspaceId": WORKSPACE, "logs": [{kind: name, "enabled": True}]},
                f"{words} '{name}' is not supported.",
            )
            for kind, name, words in (
                ("category", "Audit", "Category"),
                ("category", "auditevent", "Category"),
                ("categoryGroup", "everything", "Category group"),
            )
        ),
    ],
)
def test_fails_for_a_setting_that_keeps_nothing(
    logged: Door, properties: dict[str, object], message: str
) -> None:
    """No sink, one that is not there or no id, or a category that vaults have not: nobody is to believe that
    something is kept."""
    reply = logged.send("PUT", setting(), {"properties": properties})
    assert (reply.status, reply.code) == (400, "BadRequest") if message else reply.status == 400
    assert message in reply.message
    assert logged.send("GET", setting()).status == 404


def test_a_sink_takes_a_category_from_one_setting(logged: Door) -> None:
    """The same category to the same workspace is refused to a second setting, until the first one goes."""
    logged.send("PUT", f"{WORKSPACE}2", WEST)
    assert [put(logged, "a", EVENT).status for _ in range(2)] == [200, 200]
    again = put(logged, "b", EVENT, workspace=WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert (again.status, again.code) == (409, "Conflict")
    assert "diagnostic setting 'a' for category 'AuditEvent'" in again.message
    assert put(logged, "b", EVENT, workspace=f"{WORKSPACE}2").status == 200
    assert put(logged, "c", {**EVENT, "enabled": False}).status == 200
    logged.send("DELETE", setting("a"))
    assert put(logged, "c", EVENT).status == 200


def rule(door: Door, query: str, **more: Any) -> Reply:
    """Puts an alert rule on the workspace, to which the vault logs."""
    put(door, "d", EVENT)
    condition = {"query": query, "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}
    properties = {"scopes": [WORKSPACE], "criteria": {"allOf": [condition]}, **more}
    url = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/r"
    return door.send("PUT", url, {**WEST, "properties": properties})


@pytest.mark.parametrize(
    ("query", "operator", "column"),
    [
        (STATUS, "where", "httpStatusCode_d"),
        ("AzureDiagnostics\n| project key = id_s", "project", "id_s"),
        (
            "union isfuzzy=true (datatable(a: string)[]), AzureDiagnostics | where id_s == 'k'",
            "where",
            "id_s",
        ),
        (
            "AzureDiagnostics | summarize count() by identity_claim_oid_g, id_s",
            "summarize",
            "identity_claim_oid_g",
        ),
        ("AzureDiagnostics | extend a = column_ifexists('id_s', '') | where id_s == a", "where", "id_s"),
    ],
)
def test_fails_for_a_column_that_no_record_has_made(
    logged: Door, query: str, operator: str, column: str
) -> None:
    """400 with SEM0100 and the column's name inside the message, as users quote it; nothing is kept."""
    reply = rule(logged, query)
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert "SEM0100" in reply.message
    text = f"'{operator}' operator: Failed to resolve column or scalar expression named '{column}'"
    assert text in reply.message
    assert logged.send("GET", f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/r").status == 404


@pytest.mark.parametrize(
    "query",
    [
        "AzureDiagnostics | where Category == 'AuditEvent' and ResourceId =~ 'x' | take 10",
        "AzureDiagnostics | where column_ifexists('httpStatusCode_d', 0.0) >= 400",
        'AzureDiagnostics | extend s_d = column_ifexists("httpStatusCode_d", 0.0) | where s_d >= 400',
        "union isfuzzy=true (datatable(id_s: string)[]), AzureDiagnostics | where id_s == 'k'",
        "AZKVAuditLogs | where OperationName == 'KeyUnwrap' and HttpStatusCode >= 400",
        "AzureDiagnostics | where OperationName == 'id_s'",
    ],
)
def test_queries_that_hold_in_a_new_workspace_are_taken(logged: Door, query: str) -> None:
    """Fixed columns, `column_ifexists`, a fuzzy union, the dedicated table, names inside texts."""
    assert rule(logged, query).status == 201


@pytest.mark.parametrize("by", ["a record", "the rule", "the switch"])
def test_a_query_is_taken_once_its_columns_are_there_or_nobody_looks(logged: Door, by: str) -> None:
    """Once the vault's log was delivered; or with `skipQueryValidation`, or `alert_queries: unchecked`."""
    assert rule(logged, STATUS).status == 400
    if by == "a record":
        use(logged, "KeyGet")
    elif by == "the switch":
        logged.cloud.behave(alert_queries="unchecked")
    assert rule(logged, STATUS, **({"skipQueryValidation": True} if by == "the rule" else {})).status == 201


def test_a_saved_search_is_overwritten_with_an_etag_alone(logged: Door) -> None:
    """A second PUT: 409 without an etag or with another one, 200 with its own or `*`; then a new etag."""
    url = f"{WORKSPACE}/savedSearches/uses"
    body = {"properties": {"category": "Keys", "displayName": "Uses", "query": "AZKVAuditLogs"}}
    first = logged.send("PUT", url, body)
    assert first.status == 200
    for wrong in ({}, {"etag": 'W/"another"'}):
        refused = logged.send("PUT", url, {**body, **wrong})
        assert (refused.status, refused.code) == (409, "Conflict")
        assert "Newer data exists in the Customer Configuration Store" in refused.message
    second = logged.send("PUT", url, {**body, "etag": first.body["etag"]})
    assert (second.status, second.body["etag"] != first.body["etag"]) == (200, True)
    assert logged.send("PUT", url, {**body, "etag": "*"}).status == 200
