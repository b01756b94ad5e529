"""Log Analytics' query endpoint: one question, asked rightly, by who may ask it."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.directory import Principal
from operate.evidence.collect import CHANGES, USES, key_use
from tests.localazure.driver import VAULT, Case
from tests.operate.evidence.door_azure import WORKSPACE, scene
from tests.support.front import Reply, token

BODY = {"query": key_use(VAULT)}


@pytest.fixture(scope="module")
def case() -> Case:
    return scene()


def asked(case: Case, body: Any = BODY, who: Principal | None = seed.DEPLOYER, workspace: str = "") -> Reply:
    customer = workspace or case.ask("GET", WORKSPACE).body["properties"]["customerId"]
    return case.ask("POST", f"https://api.loganalytics.io/v1/workspaces/{customer}/query", body, who=who)


def rows(case: Case, **body: Any) -> list[list[Any]]:
    reply = asked(case, {**BODY, **body})
    assert reply.status == 200, reply
    found: list[list[Any]] = reply.body["tables"][0]["rows"]
    return found


def test_uses_are_counted_by_day_identity_operation_and_version(case: Case) -> None:
    """The sums are those of the audit log's own events."""
    events = [
        event for event in case.cloud.store.events("audit", VAULT) if event["operation"] in (*USES, *CHANGES)
    ]
    found = rows(case)
    assert sum(row[5] for row in found) == len(events) > 0
    assert {row[1] for row in found} == {event["objectId"] for event in events}
    assert {row[3] for row in found} == {event["keyId"] for event in events}


def test_only_the_time_asked_for_counts(case: Case) -> None:
    """Records outside the time span, and of another vault, are left out; white space does not matter."""
    assert rows(case, query=" ".join(key_use(VAULT).split())) == rows(case)
    assert rows(case, timespan="2020-01-01T00:00:00Z/2020-02-01T00:00:00Z") == []
    assert rows(case, query=key_use(f"{VAULT}-2")) == []


@pytest.mark.parametrize("query", [key_use(VAULT) + "\n| take 1", key_use(f'{VAULT}" or "a" == "a'), ""])
def test_fails_for_any_other_query(case: Case, query: str) -> None:
    """A query that is not exactly that one is refused by name, and never answered wrongly."""
    reply = asked(case, {"query": query})
    assert (reply.status, reply.code) == (501, "NotImplemented")


def test_fails_for_who_may_not_ask(case: Case) -> None:
    """No token, one for another resource, one of a stranger; a workspace that is not there; a wrong time."""
    assert asked(case, who=None).status == 401
    url = "https://api.loganalytics.io/v1/workspaces/0/query"
    assert case.send("POST", url, BODY, bearer=token()).status == 401
    assert asked(case, who=seed.FOREIGNER).code == "InsufficientAccessError"
    assert asked(case, workspace="0").code == "WorkspaceNotFoundError"
    assert asked(case, {**BODY, "timespan": "P1D"}).code == "BadArgumentError"
