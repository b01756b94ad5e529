"""Faults and the control endpoint, without sockets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localazure import seed
from localazure.authorization import allows
from localazure.control import Control
from localazure.faults import add_fault, clear_faults, list_faults
from localazure.front import Raw
from tests.localazure.driver import GROUP, WEST, Case
from tests.support.front import SECRETS, SUBSCRIPTION, token


def control(
    case: Case, method: str, target: str, body: Any = None, bearer: str = SECRETS["control"]
) -> tuple[int, Any]:
    path, _, query = target.partition("?")
    content = b"" if body is None else json.dumps(body).encode()
    raw = Raw(method, "127.0.0.1", path, query, {"authorization": f"Bearer {bearer}"}, content)
    answer = Control(case.cloud, SECRETS).answer(raw)
    return answer.status, json.loads(answer.content)


def statuses(case: Case, count: int, method: str = "GET", url: str = GROUP) -> list[int]:
    return [case.ask(method, url, WEST if method != "GET" else None).status for _ in range(count)]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ({"call": 3, "status": 418, "code": "Teapot"}, [200, 200, 418, 200, 200]),
        ({"times": 0}, [503] * 5),
        ({"path": "/subscriptions/{s}/RESOURCEGROUPS/{g}"}, [503, 200, 200, 200, 200]),
        ({"path": "/subscriptions/{s}/resourceGroups/{g}/providers/{p}"}, [200] * 5),
        ({"method": "PATCH"}, [200] * 5),
        ({"host": "vault"}, [200] * 5),
    ],
)
def test_a_fault_strikes_the_calls_that_it_names(case: Case, fault: dict[str, Any], found: list[int]) -> None:
    """The third GET, each call until it is taken away, a path by its template in any case; nothing else."""
    added = add_fault(case.cloud, {"host": "arm", "method": "GET", **fault})
    assert statuses(case, 5) == found
    clear_faults(case.cloud, added)
    assert statuses(case, 1) == [200]


def test_the_first_of_the_faults_that_are_left_strikes_first(case: Case) -> None:
    """In the order in which they were asked for, whatever was taken away between them."""
    for _ in range(8):
        gone = add_fault(case.cloud, {"method": "DELETE"})
        add_fault(case.cloud, {"status": 418})
        clear_faults(case.cloud, gone)
        add_fault(case.cloud, {"status": 503})
        assert [fault["status"] for fault in list_faults(case.cloud)] == [418, 503]
        assert statuses(case, 1) == [418]
        clear_faults(case.cloud)


def test_a_fault_without_a_code_has_that_of_its_status(case: Case) -> None:
    """With the Retry-After that was asked for."""
    for status, code in ((429, "TooManyRequests"), (599, "Fault")):
        add_fault(case.cloud, {"status": status, "retry_after": 7})
        reply = case.ask("GET", GROUP)
        assert (reply.code, reply.headers["retry-after"]) == (code, "7")


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_comes_after_the_work(case: Case, after: bool) -> None:
    """With `after` the request does its work and only its answer is lost; without, nothing is done."""
    url = f"{SUBSCRIPTION}/resourceGroups/lost"
    add_fault(case.cloud, {"method": "PUT", "wire": "drop", "after": after})
    assert case.ask("PUT", url, WEST).wire == "drop"
    assert statuses(case, 1, url=url) == [200 if after else 404]


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("/faults", {"host": "blob"}),
        ("/faults", {"wire": "explode"}),
        ("/faults", {"call": 0}),
        ("/faults", {"times": -1}),
        ("/faults", {"status": 99}),
        ("/faults", {"nonsense": 1}),
        ("/behaviour", {"operation_seconds": 1e400}),
        ("/behaviour", {"gravity": 9.81}),
        ("/principals", {}),
        ("/principals", {"name": "x", "roles": [{"role": "King", "scope": "/"}]}),
    ],
)
def test_fails_for_settings_that_cannot_be(case: Case, path: str, settings: dict[str, Any]) -> None:
    """A fault, a switch or a principal that cannot be is refused, and the cloud goes on as it was."""
    before = (case.cloud.behaviour, list_faults(case.cloud), control(case, "GET", "/principals"))
    status, answer = control(case, "POST", path, settings)
    assert status == 400
    assert next(iter(settings), "name") in answer["error"] or path != "/behaviour"
    assert (case.cloud.behaviour, list_faults(case.cloud), control(case, "GET", "/principals")) == before
    assert statuses(case, 1) == [200]


@pytest.mark.parametrize("bearer", ["", "wrong", SECRETS["deployer"]])
def test_fails_without_the_control_token(case: Case, bearer: str) -> None:
    """Everything but health needs the control token, and no other secret will do."""
    asked = [
        control(case, *one, bearer=bearer)[0]
        for one in (("POST", "/reset"), ("GET", "/seeds"), ("GET", "/health"))
    ]
    assert asked == [401, 401, 200]
    assert statuses(case, 1) == [200]


def test_clock_and_behaviour_are_set(case: Case) -> None:
    """Advancing the clock moves what the cloud believes to be now; switches are kept."""
    before = control(case, "GET", "/clock")[1]["seconds"]
    assert 86400 <= control(case, "POST", "/clock", {"advance": 86400})[1]["seconds"] - before < 86410
    assert control(case, "POST", "/behaviour", {"operation_seconds": 5})[1]["operation_seconds"] == 5
    assert control(case, "GET", "/behaviour")[1]["operation_seconds"] == 5


def test_a_principal_is_made_with_its_roles(case: Case) -> None:
    """A new application gets a secret and the roles it was given, and can sign in."""
    body = {"name": "app", "roles": [{"role": "Reader", "scope": SUBSCRIPTION}]}
    made = control(case, "POST", "/principals", body)[1]
    assert allows(case.cloud, made["objectId"], "Microsoft.KeyVault/vaults/read", SUBSCRIPTION)
    form = (
        f"grant_type=client_credentials&client_id={made['clientId']}&client_secret={made['clientSecret']}"
        "&scope=https://management.azure.com/.default"
    )
    url = f"https://login.microsoftonline.com/{seed.TENANT_ID}/oauth2/v2.0/token"
    bearer = case.send("POST", url, content=form.encode(), bearer="").body["access_token"]
    assert case.send("GET", GROUP, bearer=bearer).status == 200


def test_reset_leaves_the_seeds(case: Case) -> None:
    """After a reset the cloud is empty, the deployer may work on, and the clock is right again."""
    control(case, "POST", "/clock", {"advance": 1e6})
    assert control(case, "POST", "/reset")[0] == 200
    assert statuses(case, 1) == [404]
    assert case.send("PUT", GROUP, WEST, bearer=token()).status == 201
    assert control(case, "GET", "/clock")[1]["seconds"] < 4e9


def test_seeded_ids_repeat() -> None:
    """Two clouds with the same seed hand out the same ids."""
    made = []
    for _ in range(2):
        case = Case()
        control(case, "POST", "/seeds", {"ids": 7})
        made.append(control(case, "POST", "/principals", {"name": "app", "managedIdentity": True})[1])
    assert made[0] == made[1]
