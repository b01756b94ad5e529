"""Operations: how long they run, what ends with them, and how long they can be asked for."""

from __future__ import annotations

import json

import pytest

from localazure import operations
from localazure.control import Control
from localazure.front import Raw
from tests.localazure.page import scene as page_scene
from tests.support.front import SECRETS, SUBSCRIPTION, Door

DAY = 86400
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-language"


@pytest.fixture
def door() -> Door:
    found = Door()
    found.cloud.behave(operation_seconds=60)
    found.group("rg-language")
    return found


def _advance(door: Door, seconds: float) -> None:
    """Moves the clock as a tester does."""
    headers = {"authorization": f"Bearer {SECRETS['control']}"}
    content = json.dumps({"advance": seconds}).encode()
    answer = Control(door.cloud, SECRETS).answer(Raw("POST", "127.0.0.1", "/clock", "", headers, content))
    assert answer.status == 200


def test_an_operation_is_kept_for_seven_days_after_its_end(door: Door) -> None:
    """It tells its end as often as it is asked, until the seventh day; then it is unknown, and forgotten."""
    made = door.send("PUT", page_scene.account("made"), page_scene._account("made"))
    url = made.headers["azure-asyncoperation"]
    assert door.send("GET", url).body["status"] == "Creating"
    _advance(door, 7 * DAY)
    assert [door.send("GET", url).body["status"] for _ in range(2)] == ["Succeeded", "Succeeded"]
    _advance(door, 61)
    assert door.send("GET", url).status == 404
    assert door.cloud.store.scan("operation") == []
    body = door.send("GET", page_scene.account("made")).body
    assert body["properties"]["provisioningState"] == "Succeeded"


def test_what_is_still_running_is_never_forgotten(door: Door) -> None:
    """An operation that takes a month is there for all of it, and a week more."""
    door.cloud.behave(operation_seconds=30 * DAY)
    url = door.send("PUT", page_scene.account("made"), page_scene._account("made")).headers[
        "azure-asyncoperation"
    ]
    _advance(door, 29 * DAY)
    assert door.send("GET", url).body["status"] == "Creating"
    _advance(door, 7 * DAY)
    assert door.send("GET", url).body["status"] == "Succeeded"


def test_a_delete_that_nobody_watched_has_ended_all_the_same(door: Door) -> None:
    """A group can be made again once its delete is over, without anybody having looked."""
    assert door.send("DELETE", f"{GROUP}?api-version=2024-03-01").status == 202
    again = {"location": "westeurope"}
    assert door.send("PUT", GROUP, again).code == "ResourceGroupBeingDeleted"
    _advance(door, 3600)
    vault = door.send("GET", f"{GROUP}/providers/Microsoft.KeyVault/vaults/v?api-version=2024-11-01")
    assert vault.code == "ResourceGroupNotFound"
    assert door.send("PUT", GROUP, again).status == 201


def test_a_list_tells_of_no_operation_that_is_over(door: Door) -> None:
    """An account in a list is ready when its time has come, whoever looked at it before."""
    door.send("PUT", page_scene.account("made"), page_scene._account("made"))
    url = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts?api-version=2024-10-01"
    states = []
    for _ in range(2):
        (row,) = door.send("GET", url).body["value"]
        states.append(row["properties"]["provisioningState"])
        _advance(door, 3600)
    assert states == ["Creating", "Succeeded"]


def test_an_operation_is_done_when_it_was_seen_and_over_when_nobody_came() -> None:
    """Polls decide while somebody watches; two seconds after its time it counts as over without any."""
    unseen = operations.Operation("id", started=0.0, ends=60.0, polls=0, about={})
    seen = operations.Operation("id", started=0.0, ends=60.0, polls=2, about={})
    assert [unseen.done(60.0), unseen.over(60.0), unseen.over(62.0)] == [False, False, True]
    assert [seen.done(59.9), seen.over(59.9), seen.done(60.0), seen.over(60.0)] == [False, False, True, True]
