"""The route table and what the front door makes of a handler's end, whatever it is."""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.front import Front
from localazure.routes import Route, Router
from localazure.web import Host, Request, Response, ServiceError
from tests.support.front import signer


def _front(handler: object) -> tuple[Cloud, Front]:
    cloud = Cloud()
    route = Route("GET", Host.ARM, "/probe", "", handler, anonymous=True)  # type: ignore[arg-type]
    return cloud, Front(cloud, Router.of([route]), signer())


def _probe(front: Front) -> int:
    from localazure.front import Raw

    return front.answer(Raw("GET", "management.azure.com", "/probe", "", {}, b"")).status


def test_a_refused_request_changes_nothing_but_the_record() -> None:
    """A handler that refuses leaves no document behind, but what it put on record stays."""

    def handler(cloud: Cloud, _: Request) -> Response:
        cloud.store.put("thing", "a", {})
        cloud.store.append("audit", "v", {"result": "Forbidden"})
        raise ServiceError(403, "Forbidden", "no")

    cloud, front = _front(handler)
    assert _probe(front) == 403
    assert cloud.store.get("thing", "a") is None
    assert cloud.store.events("audit") == [{"result": "Forbidden"}]


def test_a_broken_handler_changes_nothing_and_the_server_goes_on() -> None:
    """An exception is a 500 that rolls back everything; the next request is served."""

    def handler(cloud: Cloud, _: Request) -> Response:
        cloud.store.append("audit", "v", {})
        raise RuntimeError("bug")

    cloud, front = _front(handler)
    assert [_probe(front), _probe(front)] == [500, 500]
    assert cloud.store.events("audit") == []


def test_nothing_a_client_sends_ends_a_header() -> None:
    """Line breaks and letters beyond ASCII in a header's value are made harmless."""
    from localazure.front import Raw

    def handler(_: Cloud, __: Request) -> Response:
        return Response(200, {"text": "\ud800"}, {"Location": "a\r\nX-Evil: 1", "X-Where": "東京"})

    _, front = _front(handler)
    answer = front.answer(Raw("GET", "management.azure.com", "/probe", "", {}, b""))
    assert (answer.headers["location"], answer.headers["x-where"]) == ("a??X-Evil: 1", "??")
    assert answer.content == b'{"text":"?"}'


def test_no_row_hides_another() -> None:
    """Every row of the route table is the one that its own template leads to."""
    import re

    from localazure.assembly import all_routes

    rows = all_routes(signer())
    router = Router(rows)
    for row in rows:
        path = re.sub(r"\{(\w+)\*\}", r"/subscriptions/\1", row.template)
        path = re.sub(r"\{(\w+)\}", r"\1", path)
        found = router.find(row.host, row.method, path)
        assert found is not None
        assert found[0] is row, f"{row.method} {row.template} is hidden by {found[0].template}"


def test_every_arm_row_is_guarded() -> None:
    """A row at ARM without a permission is one of the few that any principal may call."""
    from localazure.assembly import all_routes

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
