"""Diagnostic settings: what is refused, and which records they deliver to a workspace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.observed.fact import vault_body
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-logged"


@pytest.fixture
def door() -> Door:
    door = Door()
    door.group("g")
    assert door.send("PUT", VAULT, vault_body()).status == 200
    return door


def test_diagnostic_settings_deliver_to_their_workspace(door: Door) -> None:
    """A workspace gets a resource's records from the setting's making to its end, and no others."""
    from localazure.cloud import iso
    from localazure.monitor import delivered

    def use(operation: str, resource: str = VAULT) -> None:
        door.cloud.clock.advance(1)
        record = {"time": iso(door.cloud.clock.now()), "operation": operation}
        door.cloud.store.append("audit", resource, record)

    assert door.send("PUT", WORKSPACE, WEST).status == 201
    use("before")
    url = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/d"
    logs = [{"category": "AuditEvent", "enabled": True}]
    made = door.send("PUT", url, {"properties": {"workspaceId": WORKSPACE, "logs": logs}})
    assert made.status == 200
    assert made.body["id"] == url.lower()
    assert made.body["properties"]["storageAccountId"] is None
    use("during")
    use("elsewhere", f"{VAULT}2")
    assert door.send("DELETE", url).status == 200
    use("after")
    records = delivered(door.cloud, WORKSPACE)
    assert [(r["operation"], r["category"]) for r in records] == [("during", "AuditEvent")]


def test_a_workspace_is_made_by_an_operation(door: Door) -> None:
    """201 with a Location, Creating until its time has come and somebody has looked; a change is at once."""
    door.cloud.behave(operation_seconds=60)
    made = door.send("PUT", WORKSPACE, WEST)
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    url = made.headers["location"]
    assert url.startswith(f"{ARM}{WORKSPACE}?api-version=")
    assert door.send("GET", url).body["properties"]["provisioningState"] == "Creating"
    door.cloud.clock.advance(61)
    assert door.send("GET", url).body["properties"]["provisioningState"] == "Succeeded"
    changed = door.send("PATCH", WORKSPACE, {"tags": {"a": "b"}})
    assert (changed.body["properties"]["provisioningState"], "operation" in changed.body) == (
        "Succeeded",
        False,
    )


@pytest.mark.parametrize(
    "properties", [{}, {"workspaceId": f"{WORKSPACE}-not-there"}, {"logs": [{"category": "AuditEvent"}]}]
)
def test_fails_for_a_setting_that_leads_nowhere(door: Door, properties: dict[str, object]) -> None:
    """A diagnostic setting needs a sink, and its workspace must exist."""
    url = f"{GROUP}/providers/Microsoft.Insights/diagnosticSettings/d"
    assert door.send("PUT", url, {"properties": properties}).status == 400
    assert door.send("GET", url).status == 404


def put(door: Door, name: str, *logs: dict[str, Any], workspace: str = WORKSPACE) -> Reply:
    """Puts a setting of the vault; each log is enabled."""
    url = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/{name}"
    sent = [{"enabled": True, **log} for log in logs]
    return door.send("PUT", url, {"properties": {"workspaceId": workspace, "logs": sent}})


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ({"category": "Audit"}, "Category 'Audit' is not supported."),
        ({"category": "auditevent"}, "Category 'auditevent' is not supported."),
        ({"categoryGroup": "everything"}, "Category group 'everything' is not supported."),
    ],
)
def test_fails_for_a_log_that_would_never_come(door: Door, log: dict[str, str], message: str) -> None:
    """A category that vaults have not is refused, so that nobody believes it to be kept."""
    door.send("PUT", WORKSPACE, WEST)
    reply = put(door, "d", log)
    assert (reply.status, reply.code, reply.message) == (400, "BadRequest", message)


def test_a_sink_takes_a_category_from_one_setting(door: Door) -> None:
    """The same category to the same workspace is refused to a second setting, until the first one goes."""
    door.send("PUT", WORKSPACE, WEST)
    door.send("PUT", f"{WORKSPACE}2", WEST)
    event = {"category": "AuditEvent"}
    assert [put(door, "a", event).status for _ in range(2)] == [200, 200]
    again = put(door, "b", event, workspace=WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert (again.status, again.code) == (409, "Conflict")
    assert "diagnostic setting 'a' for category 'AuditEvent'" in again.message
    assert put(door, "b", event, workspace=f"{WORKSPACE}2").status == 200
    assert put(door, "c", {"category": "AuditEvent", "enabled": False}).status == 200
    door.send("DELETE", f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/a")
    assert put(door, "c", event).status == 200


@pytest.mark.parametrize("workspace", [5, ["x"], {"id": "x"}])
def test_fails_for_a_sink_that_is_no_id(door: Door, workspace: Any) -> None:
    """A sink of another kind than text is a 400, not an internal error."""
    assert put(door, "d", {"category": "AuditEvent"}, workspace=workspace).status == 400
