"""Faults and the control endpoint, without sockets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localazure import seed
from localazure.authorization import allows
from localazure.control import Control
from localazure.faults import Fault, add_fault, clear_faults, list_faults
from localazure.front import Raw
from tests.support.front import SECRETS, SUBSCRIPTION, Door, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"


def _ask(
    door: Door, method: str, target: str, body: Any = None, bearer: str = SECRETS["control"]
) -> tuple[int, Any]:
    path, _, query = target.partition("?")
    content = b"" if body is None else json.dumps(body).encode()
    raw = Raw(method, "127.0.0.1", path, query, {"authorization": f"Bearer {bearer}"}, content)
    answer = Control(door.cloud, SECRETS).answer(raw)
    return answer.status, json.loads(answer.content)


def test_the_nth_call_of_a_route_fails(door: Door) -> None:
    """Only the third GET of a group fails, with the status and code that were asked for."""
    template = "/subscriptions/{s}/resourceGroups/{g}"
    add_fault(door.cloud, {"method": "GET", "path": template, "call": 3, "status": 418, "code": "Teapot"})
    assert [door.send("GET", GROUP).status for _ in range(5)] == [200, 200, 418, 200, 200]
    assert door.send("PATCH", GROUP, {}).status == 200


def test_a_service_is_out_until_it_is_back(door: Door) -> None:
    """An outage strikes every call of one host, and no other host, until it is taken away."""
    fault = add_fault(door.cloud, {"host": "arm", "times": 0})
    assert {door.send("GET", GROUP).status for _ in range(5)} == {503}
    assert door.send("GET", "https://v.vault.azure.net/keys?api-version=7.4", bearer="").status == 401
    clear_faults(door.cloud, fault)
    assert door.send("GET", GROUP).status == 200


def test_the_first_of_the_faults_that_are_left_strikes_first(door: Door) -> None:
    """In the order in which they were asked for, whatever was taken away between them."""
    for _ in range(8):
        gone = add_fault(door.cloud, {"method": "DELETE"})
        add_fault(door.cloud, {"status": 418})
        clear_faults(door.cloud, gone)
        add_fault(door.cloud, {"status": 503})
        assert [fault["status"] for fault in list_faults(door.cloud)] == [418, 503]
        assert door.send("GET", GROUP).status == 418
        clear_faults(door.cloud)


def test_throttling_says_when_to_come_back(door: Door) -> None:
    """A 429 carries Retry-After."""
    add_fault(door.cloud, {"status": 429, "code": "TooManyRequests", "retry_after": 7})
    reply = door.send("GET", GROUP)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (429, "TooManyRequests", "7")


def test_a_lost_answer_comes_after_the_work(door: Door) -> None:
    """With `after` the request does its work and only its answer is lost; without, nothing is done."""
    url = f"{SUBSCRIPTION}/resourceGroups/lost"
    add_fault(door.cloud, {"method": "PUT", "wire": "drop"})
    assert door.send("PUT", url, {"location": "westeurope"}).wire == "drop"
    assert door.send("GET", url).status == 404
    add_fault(door.cloud, {"method": "PUT", "wire": "drop", "after": True})
    assert door.send("PUT", url, {"location": "westeurope"}).wire == "drop"
    assert door.send("GET", url).status == 200


@pytest.mark.parametrize(
    "settings",
    [{"host": "blob"}, {"wire": "explode"}, {"call": 0}, {"times": -1}, {"status": 99}, {"nonsense": 1}],
)
def test_fails_for_a_fault_that_cannot_be(door: Door, settings: dict[str, Any]) -> None:
    """A fault with unknown or impossible settings is refused and not armed."""
    status, answer = _ask(door, "POST", "/faults", settings)
    assert status == 400
    assert answer["error"]
    assert list_faults(door.cloud) == []


def test_a_fault_names_templates_like_routes() -> None:
    """A path in a fault is a template, matched without regard to case."""
    from localazure.web import Host, Request

    fault = Fault(path="/subscriptions/{s}/RESOURCEGROUPS/{g}")
    assert fault.matches(Request("GET", Host.ARM, GROUP))
    assert not fault.matches(Request("GET", Host.ARM, f"{GROUP}/providers/x"))


@pytest.mark.parametrize("bearer", ["", "wrong", SECRETS["deployer"]])
def test_fails_without_the_control_token(door: Door, bearer: str) -> None:
    """Everything but health needs the control token, and no other secret will do."""
    assert _ask(door, "POST", "/reset", bearer=bearer)[0] == 401
    assert _ask(door, "GET", "/seeds", bearer=bearer)[0] == 401
    assert _ask(door, "GET", "/health", bearer=bearer)[0] == 200
    assert door.send("GET", GROUP).status == 200


def test_the_clock_is_moved(door: Door) -> None:
    """Advancing the clock moves what the cloud believes to be now."""
    before = _ask(door, "GET", "/clock")[1]["seconds"]
    after = _ask(door, "POST", "/clock", {"advance": 86400})[1]["seconds"]
    assert 86400 <= after - before < 86410


def test_behaviour_is_set_and_checked(door: Door) -> None:
    """Settings are kept; an unknown one is refused with the known ones."""
    assert _ask(door, "POST", "/behaviour", {"operation_seconds": 5})[1]["operation_seconds"] == 5
    assert _ask(door, "GET", "/behaviour")[1]["operation_seconds"] == 5
    status, answer = _ask(door, "POST", "/behaviour", {"gravity": 9.81})
    assert status == 400
    assert "gravity" in answer["error"]
    assert "operation_seconds" in answer["error"]


@pytest.mark.parametrize(
    "settings",
    [
        {"grant_delay_seconds": None},
        {"operation_seconds": 1e400},
        {"synchronous_creates": 1},
        {"group_retry_seconds": True},
    ],
)
def test_fails_for_behaviour_that_would_stop_every_answer(door: Door, settings: dict[str, Any]) -> None:
    """A value of another kind is refused by its name, and the cloud goes on as it was."""
    before = door.cloud.behaviour
    status, answer = _ask(door, "POST", "/behaviour", settings)
    assert (status, door.cloud.behaviour) == (400, before)
    assert next(iter(settings)) in answer["error"]
    assert door.send("GET", GROUP).status == 200


@pytest.mark.parametrize(
    ("status", "code"), [(429, "TooManyRequests"), (503, "ServiceUnavailable"), (599, "Fault")]
)
def test_a_fault_without_a_code_has_that_of_its_status(door: Door, status: int, code: str) -> None:
    """Once, and the next request passes."""
    add_fault(door.cloud, {"status": status})
    assert (door.send("GET", GROUP).code, door.send("GET", GROUP).status) == (code, 200)


def test_a_principal_is_made_with_its_roles(door: Door) -> None:
    """A new application gets a secret and the roles it was given, and can sign in."""
    body = {"name": "app", "roles": [{"role": "Reader", "scope": SUBSCRIPTION}]}
    made = _ask(door, "POST", "/principals", body)[1]
    assert allows(door.cloud, made["objectId"], "Microsoft.KeyVault/vaults/read", SUBSCRIPTION)
    form = (
        f"grant_type=client_credentials&client_id={made['clientId']}&client_secret={made['clientSecret']}"
        "&scope=https://management.azure.com/.default"
    )
    url = f"https://login.microsoftonline.com/{seed.TENANT_ID}/oauth2/v2.0/token"
    bearer = door.send("POST", url, content=form.encode(), bearer="").body["access_token"]
    assert door.send("GET", GROUP, bearer=bearer).status == 200


@pytest.mark.parametrize("body", [{}, {"name": "x", "roles": [{"role": "King", "scope": "/"}]}])
def test_fails_for_a_principal_that_cannot_be_made(door: Door, body: dict[str, Any]) -> None:
    """A missing name or an unknown role is refused, and no half principal stays."""
    before = _ask(door, "GET", "/principals")[1]
    assert _ask(door, "POST", "/principals", body)[0] == 400
    assert _ask(door, "GET", "/principals")[1] == before


def test_reset_leaves_the_seeds(door: Door) -> None:
    """After a reset the cloud is empty, the deployer may work on, and the clock is right again."""
    _ask(door, "POST", "/clock", {"advance": 1e6})
    assert _ask(door, "POST", "/reset")[0] == 200
    assert door.send("GET", GROUP).status == 404
    assert door.send("PUT", GROUP, {"location": "westeurope"}, bearer=token()).status == 201
    assert _ask(door, "GET", "/clock")[1]["seconds"] < 4e9


def test_seeded_ids_repeat() -> None:
    """Two clouds with the same seed hand out the same ids."""
    made = []
    for _ in range(2):
        door = Door()
        _ask(door, "POST", "/seeds", {"ids": 7})
        made.append(_ask(door, "POST", "/principals", {"name": "app", "managedIdentity": True})[1])
    assert made[0] == made[1]
