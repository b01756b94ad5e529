"""The front door: hosts and bodies that are none, the end of a handler, throttling, every route."""

from __future__ import annotations

import re
from typing import Any

import pytest

from localazure import seed
from localazure.assembly import all_routes
from localazure.cloud import Cloud
from localazure.front import Front, Raw
from localazure.routes import Route, Router
from localazure.web import Host, Request, Response, ServiceError, host_of
from tests.localazure.driver import ACCOUNT, GROUP, WEST, Case
from tests.support.front import SUBSCRIPTION, signer


def test_a_host_name_is_one_of_ours_or_nothing() -> None:
    """Only the names of the three clouds, wildcards standing for one label, lead anywhere."""
    ours = {
        "management.azure.com": (Host.ARM, "management"),
        "MANAGEMENT.azure.com": (Host.ARM, "management"),
        "Contoso.vault.azure.net": (Host.VAULT, "contoso"),
        "management.usgovcloudapi.net": (Host.ARM, "management"),
        "usgovvirginia.management.usgovcloudapi.net": (Host.ARM, "usgovvirginia"),
        "kv.vault.azure.cn": (Host.VAULT, "kv"),
        "login.chinacloudapi.cn": (Host.LOGIN, "login"),
    }
    foreign = ["management.azure.com:443", "a.b.vault.azure.net", ".vault.azure.net", "vault.azure.net", ""]
    foreign += ["management.azure.com.evil.example", "example.com", "vault.azure.cn", "management.azure.cn"]
    foreign += ["evil-management.usgovcloudapi.net"]
    assert {name: host_of(name) for name in (*ours, *foreign) if host_of(name)} == ours


BODIES = (b"{", b"\xff\xfe", b"[]", b'"text"', b"", b"   ", b"null", b'{"a":' + b"[" * 100_000, b'{"a": NaN}')


@pytest.mark.parametrize("content", BODIES, ids=lambda one: repr(one[:40]))
def test_fails_for_a_body_that_is_not_an_object(case: Case, content: bytes) -> None:
    """ARM answers 400 to a PUT whose body is no JSON object, and makes nothing."""
    reply = case.send("PUT", f"{SUBSCRIPTION}/resourceGroups/new", content=content)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert case.send("GET", f"{SUBSCRIPTION}/resourceGroups/new").status == 404


@pytest.mark.parametrize(
    ("raised", "status", "record"),
    [
        (ServiceError(403, "Forbidden", "no"), 403, [{"result": "Forbidden"}] * 2),
        (RuntimeError("bug"), 500, []),
    ],
    ids=["refused", "broken"],
)
def test_a_request_that_fails_changes_nothing(raised: Exception, status: int, record: list[Any]) -> None:
    """A handler that refuses leaves no document behind, but what it put on record stays; an exception rolls
    back everything. The next request is served."""

    def handler(cloud: Cloud, _: Request) -> Response:
        cloud.store.put("thing", "a", {})
        cloud.store.append("audit", "v", {"result": "Forbidden"})
        raise raised

    cloud = Cloud()
    routes = Router((Route("GET", Host.ARM, "/probe", "", handler, anonymous=True),))
    front, probe = Front(cloud, routes, signer()), Raw("GET", "management.azure.com", "/probe", "", {}, b"")
    assert [front.answer(probe).status for _ in range(2)] == [status, status]
    assert cloud.store.get("thing", "a") is None
    assert cloud.store.events("audit") == record


def test_no_row_hides_another() -> None:
    """Every row of the route table is the one that its own template leads to."""
    router = Router(all_routes(signer()))
    for row in all_routes(signer()):
        path = re.sub(r"\{(\w+)\}", r"\1", re.sub(r"\{(\w+)\*\}", r"/subscriptions/\1", row.template))
        found = router.find(row.host, row.method, path)
        assert found is not None
        assert found[0].template == row.template, row.method


def test_every_arm_row_is_guarded() -> None:
    """A row at ARM without a permission is one of the few that any principal may call."""
    open_rows = {row.template for row in all_routes(signer()) if row.host is Host.ARM and not row.permission}
    assert {template for template in open_rows if "operation" not in template.lower()} == {
        "/metadata/endpoints",
        "/subscriptions",
        "/tenants",
        # Each provider's registration is an action of its own, which the handler asks for.
        "/subscriptions/{subscription}/providers/{namespace}/register",
        "/subscriptions/{subscription}/providers/{namespace}/unregister",
        "/providers/Microsoft.Authorization/policyDefinitions/{name}",
    }


@pytest.mark.parametrize(
    ("ask", "bucket"),
    [
        (f"GET {ACCOUNT}", ("reads", 250, 25)),
        (f"PUT {GROUP} with west", ("writes", 200, 10)),
        (f"DELETE {ACCOUNT}", ("deletes", 200, 10)),
    ],
)
def test_arm_throttles_by_token_bucket(
    case: Case, monkeypatch: pytest.MonkeyPatch, ask: str, bucket: tuple[str, int, int]
) -> None:
    """`throttling`: the bucket empties, 429 says how long to wait, and a second refills it as documented."""
    (kind, size, refill), moment = bucket, 1_800_000_000.0
    monkeypatch.setattr(case.cloud.clock, "now", lambda: moment)
    case.cloud.behave(throttling="token_bucket")
    method, url = ask.split(" ")[:2]
    replies = [case.ask(method, url, WEST if method == "PUT" else None) for _ in range(size + 1)]
    if method != "GET":
        left = [int(reply.headers[f"x-ms-ratelimit-remaining-subscription-{kind}"]) for reply in replies]
        assert left == [*range(size - 1, -1, -1), 0]
    assert {reply.status for reply in replies[:-1]} == {{"GET": 404, "PUT": 200, "DELETE": 204}[method]}
    assert (replies[-1].status, replies[-1].code) == (429, "SubscriptionRequestsThrottled")
    assert replies[-1].headers["retry-after"] == "1"
    moment += 1
    again = [case.ask(method, url, WEST if method == "PUT" else None).status for _ in range(refill + 1)]
    assert again.index(429) == refill
    refused = case.cloud.store.events("throttled", seed.SUBSCRIPTION_ID)
    assert refused == 2 * [{"subscription": seed.SUBSCRIPTION_ID, "limit": kind}]
    assert case.ask("GET", f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups").status == 200
