"""Log Analytics' query endpoint: one question, asked rightly, by who may ask it."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from operate.evidence.collect import CHANGES, USES, key_use
from tests.localazure.driver import VAULT
from tests.operate.evidence.door_azure import WORKSPACE, DoorAzure, scene
from tests.support.front import Door, Reply, token

LOGS = "https://api.loganalytics.io"


@pytest.fixture(scope="module")
def door() -> Door:
    return scene()


def asked(door: Door, body: Any, *, bearer: str | None = None, workspace: str = "") -> Reply:
    customer = workspace or DoorAzure(door).get(WORKSPACE, "2022-10-01")["properties"]["customerId"]
    bearer = token(audience=LOGS) if bearer is None else bearer
    return door.send("POST", f"{LOGS}/v1/workspaces/{customer}/query", body, bearer=bearer)


def rows(door: Door, **body: Any) -> list[list[Any]]:
    reply = asked(door, {"query": key_use(VAULT), **body})
    assert reply.status == 200, reply
    found: list[list[Any]] = reply.body["tables"][0]["rows"]
    return found


def test_uses_are_counted_by_day_identity_operation_and_version(door: Door) -> None:
    """The sums are those of the audit log's own events."""
    events = [
        event for event in door.cloud.store.events("audit", VAULT) if event["operation"] in (*USES, *CHANGES)
    ]
    found = rows(door)
    assert sum(row[5] for row in found) == len(events) > 0
    assert {row[1] for row in found} == {event["objectId"] for event in events}
    assert {row[3] for row in found} == {event["keyId"] for event in events}


def test_only_the_time_asked_for_counts(door: Door) -> None:
    """Records outside the time span, and of another vault, are left out; white space does not matter."""
    assert rows(door, query=" ".join(key_use(VAULT).split())) == rows(door)
    assert rows(door, timespan="2020-01-01T00:00:00Z/2020-02-01T00:00:00Z") == []
    assert rows(door, query=key_use(f"{VAULT}-2")) == []


@pytest.mark.parametrize("query", [key_use(VAULT) + "\n| take 1", key_use(f'{VAULT}" or "a" == "a'), ""])
def test_fails_for_any_other_query(door: Door, query: str) -> None:
    """A query that is not exactly that one is refused by name, and never answered wrongly."""
    reply = asked(door, {"query": query})
    assert (reply.status, reply.code) == (501, "NotImplemented")


def test_fails_for_who_may_not_ask(door: Door) -> None:
    """No token, one for another resource, one of a stranger; a workspace that is not there; a wrong time."""
    body = {"query": key_use(VAULT)}
    assert asked(door, body, bearer="").status == 401
    assert asked(door, body, bearer=token()).status == 401
    assert asked(door, body, bearer=token(seed.FOREIGNER, audience=LOGS)).code == "InsufficientAccessError"
    assert asked(door, body, workspace="0").code == "WorkspaceNotFoundError"
    assert asked(door, {**body, "timespan": "P1D"}).code == "BadArgumentError"
