"""Rules whose query names what the workspace does not have yet."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.cloud import iso
from tests.localazure.observed.fact import vault_body
from tests.support.front import SUBSCRIPTION, Door, Reply

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-logged"
RULE = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/r"
WEST = {"location": "westeurope"}
STATUS = "AzureDiagnostics | where OperationName == 'KeyUnwrap' | where httpStatusCode_d >= 400"


@pytest.fixture
def door() -> Door:
    """A cloud with a new workspace and a vault that logs to it."""
    door = Door()
    door.group("g")
    assert door.send("PUT", VAULT, vault_body()).status == 200
    assert door.send("PUT", WORKSPACE, WEST).status == 201
    logs = [{"category": "AuditEvent", "enabled": True}]
    setting = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/d"
    sent = {"properties": {"workspaceId": WORKSPACE, "logs": logs}}
    assert door.send("PUT", setting, sent).status == 200
    return door


def put(door: Door, query: str, **more: Any) -> Reply:
    condition = {"query": query, "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}
    properties = {"scopes": [WORKSPACE], "criteria": {"allOf": [condition]}, **more}
    return door.send("PUT", RULE, {**WEST, "properties": properties})


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
    door: Door, query: str, operator: str, column: str
) -> None:
    """400 with SEM0100 and the column's name inside the message, as users quote it; nothing is kept."""
    reply = put(door, query)
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert "SEM0100" in reply.message
    text = f"'{operator}' operator: Failed to resolve column or scalar expression named '{column}'"
    assert text in reply.message
    assert door.send("GET", RULE).status == 404


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
def test_queries_that_hold_in_a_new_workspace_are_taken(door: Door, query: str) -> None:
    """Fixed columns, `column_ifexists`, a fuzzy union, the dedicated table, names inside texts."""
    assert put(door, query).status == 201


def test_columns_exist_from_the_first_record_on(door: Door) -> None:
    """Once the vault's log was delivered, the same query is taken."""
    assert put(door, STATUS).status == 400
    door.cloud.clock.advance(1)
    record = {"time": iso(door.cloud.clock.now()), "operation": "KeyGet"}
    door.cloud.store.append("audit", VAULT, record)
    assert put(door, STATUS).status == 201


def test_validation_can_be_skipped_by_the_rule_or_the_switch(door: Door) -> None:
    """`skipQueryValidation` of the rule, and `alert_queries: unchecked`."""
    assert put(door, STATUS, skipQueryValidation=True).status == 201
    door.cloud.behave(alert_queries="unchecked")
    assert put(door, STATUS).status == 200


SEARCH = f"{WORKSPACE}/savedSearches/uses"


def test_a_saved_search_is_overwritten_with_an_etag_alone(door: Door) -> None:
    """A second PUT: 409 without an etag or with another one, 200 with its own or `*`; then a new etag."""
    body = {"properties": {"category": "Keys", "displayName": "Uses", "query": "AZKVAuditLogs"}}
    first = door.send("PUT", SEARCH, body)
    assert first.status == 200
    for wrong in ({}, {"etag": 'W/"another"'}):
        refused = door.send("PUT", SEARCH, {**body, **wrong})
        assert (refused.status, refused.code) == (409, "Conflict")
        assert "Newer data exists in the Customer Configuration Store" in refused.message
    second = door.send("PUT", SEARCH, {**body, "etag": first.body["etag"]})
    assert (second.status, second.body["etag"] != first.body["etag"]) == (200, True)
    assert door.send("PUT", SEARCH, {**body, "etag": "*"}).status == 200
