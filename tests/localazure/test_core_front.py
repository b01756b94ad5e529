"""The front door: what ARM, Key Vault and Language check before anything else, and what every answer has."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.cloud import Cloud
from localazure.front import Front
from localazure.routes import Route, Router
from localazure.tokens import Signer, new_key
from localazure.web import Host, Request, Response, ServiceError, host_of
from tests.support.front import ARM, SUBSCRIPTION, Door, signer, token

VAULT = "https://contoso.vault.azure.net/keys/k?api-version=7.4"
LANGUAGE = "https://contoso.cognitiveservices.azure.com/authoring/analyze-conversations/projects?api-version=2023-04-01"
GROUPS = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("management.azure.com", (Host.ARM, "management")),
        ("MANAGEMENT.azure.com", (Host.ARM, "management")),
        ("management.azure.com:443", None),
        ("Contoso.vault.azure.net", (Host.VAULT, "contoso")),
        ("a.b.vault.azure.net", None),
        (".vault.azure.net", None),
        ("vault.azure.net", None),
        ("management.azure.com.evil.example", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_a_host_name_is_one_of_ours_or_nothing(name: str, expected: object) -> None:
    """Only the four names, wildcards standing for one label, lead anywhere."""
    assert host_of(name) == expected


def test_fails_for_a_host_that_is_not_served(door: Door) -> None:
    """An unknown host is answered 421 with the names that are served."""
    reply = door.send("GET", "https://example.com/")
    assert (reply.status, reply.code) == (421, "MisdirectedRequest")
    assert "management.azure.com" in reply.message


def test_fails_for_an_unknown_route_by_naming_it(door: Door) -> None:
    """A route that does not exist answers 501 with its method, host and path."""
    reply = door.send("GET", f"{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines")
    assert reply.status == 501
    assert f"GET {ARM}{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines" in reply.message


def test_fails_without_an_api_version(door: Door) -> None:
    """ARM refuses a request without api-version before it looks at the token."""
    reply = door.send("GET", f"{ARM}{SUBSCRIPTION}/resourceGroups", bearer="")
    assert (reply.status, reply.code) == (400, "MissingApiVersionParameter")


def test_fails_for_an_api_version_that_is_none(door: Door) -> None:
    """Text that is no date is not taken for an api-version."""
    reply = door.send("GET", f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=latest")
    assert (reply.status, reply.code) == (400, "InvalidApiVersionParameter")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'"text"', b"", b"   ", b"null"])
def test_fails_for_a_body_that_is_not_an_object(door: Door, content: bytes) -> None:
    """ARM answers 400, and makes nothing, for a PUT whose body is no JSON object."""
    url = f"{SUBSCRIPTION}/resourceGroups/g"
    reply = door.send("PUT", url, content=content)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert door.send("GET", url).status == 404


def test_fails_for_an_unknown_subscription(door: Door) -> None:
    """A subscription that does not exist is 404 SubscriptionNotFound, marked as ARM's own error."""
    reply = door.send("PUT", "/subscriptions/nowhere/resourceGroups/g", {"location": "westeurope"})
    assert (reply.status, reply.code) == (404, "SubscriptionNotFound")
    assert reply.headers["x-ms-failure-cause"] == "gateway"


def test_every_answer_can_be_traced(door: Door) -> None:
    """Answers carry ids of their own and echo the client's."""
    sent = {"x-ms-correlation-request-id": "mine", "x-ms-client-request-id": "yours"}
    reply = door.send("GET", GROUPS, headers=sent)
    assert reply.headers["x-ms-correlation-request-id"] == "mine"
    assert reply.headers["x-ms-client-request-id"] == "yours"
    assert len(reply.headers["x-ms-request-id"]) == 36
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


def test_head_has_the_headers_but_no_content(door: Door) -> None:
    """HEAD of an unknown group answers 404 without a body."""
    reply = door.send("HEAD", f"{SUBSCRIPTION}/resourceGroups/g")
    assert (reply.status, reply.body) == (404, None)


def test_a_doubled_slash_in_front_is_forgiven_by_arm(door: Door) -> None:
    """Clients that put a scope behind a slash reach the same resource."""
    door.group("g")
    assert door.send("GET", f"{ARM}/{SUBSCRIPTION}/resourceGroups/g?api-version=2024-03-01").status == 200


@pytest.mark.parametrize(
    ("url", "audience", "challenge"),
    [
        (GROUPS, f"{ARM}/", 'Bearer authorization_uri="https://login.microsoftonline.com/'),
        (VAULT, "https://vault.azure.net", 'Bearer authorization="https://login.microsoftonline.com/'),
        (LANGUAGE, "https://cognitiveservices.azure.com", 'Bearer authorization="https://login.'),
    ],
)
class TestTokens:
    """At all three services the same tokens prove the same."""

    def refused(self, door: Door, url: str, bearer: str, challenge: str) -> str:
        reply = door.send("GET", url, bearer=bearer)
        assert reply.status == 401
        assert reply.headers["www-authenticate"].startswith(challenge)
        return reply.code

    def test_fails_without_a_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """No token: 401 with the service's challenge."""
        self.refused(door, url, "", challenge)

    def test_fails_with_a_basic_header(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """Another scheme than Bearer is no token."""
        reply = door.send("GET", url, bearer="", headers={"authorization": "Basic abc"})
        assert reply.status == 401

    def test_fails_with_a_forged_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """A token that another key signed is refused, as is one whose claims were changed."""
        other = Signer(new_key())
        claims = signer().verify(token(audience=audience))
        self.refused(door, url, other.sign(claims), challenge)
        head, _, signature = token(seed.READER, audience=audience).split(".")
        body = token(audience=audience).split(".")[1]
        self.refused(door, url, f"{head}.{body}.{signature}", challenge)

    def test_fails_with_an_unsigned_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """`alg: none` and a symmetric signature are refused."""
        import jwt

        claims = dict(signer().verify(token(audience=audience)))
        self.refused(door, url, jwt.encode(claims, "", algorithm="none"), challenge)
        self.refused(door, url, jwt.encode(claims, "k" * 32, algorithm="HS256"), challenge)

    def test_fails_with_an_expired_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """A token is refused from the second in which it ends, also after it was accepted before."""
        import time

        self.refused(door, url, token(audience=audience, exp=int(time.time())), challenge)

    def test_fails_for_another_audience(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """A token for another service opens nothing."""
        self.refused(door, url, token(audience="https://graph.microsoft.com"), challenge)

    def test_moving_the_cloud_clock_leaves_tokens_valid(
        self, door: Door, url: str, audience: str, challenge: str
    ) -> None:
        """A token lives by the machine's clock, which its client goes by, not by the cloud's."""
        bearer = token(audience=audience)
        door.cloud.clock.advance(365 * 86400)
        assert door.send("GET", url, bearer=bearer).status != 401


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://management.core.windows.net/"])
def test_arm_takes_both_spellings_of_its_audience(door: Door, audience: str) -> None:
    """Old and new audience, with and without slash, are one."""
    assert door.send("GET", GROUPS, bearer=token(audience=audience)).status == 200


def test_fails_for_a_token_of_another_tenant(door: Door) -> None:
    """A principal of another tenant is turned away from a subscription before any role counts."""
    reply = door.send("GET", GROUPS, bearer=token(seed.FOREIGNER))
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationTokenTenant")


def test_fails_for_a_principal_without_the_role(door: Door) -> None:
    """A reader reads and does not write; the refusal names who, what and where."""
    assert door.send("GET", GROUPS, bearer=token(seed.READER)).status == 200
    url = f"{SUBSCRIPTION}/resourceGroups/g"
    reply = door.send("PUT", url, {"location": "westeurope"}, bearer=token(seed.READER))
    assert (reply.status, reply.code) == (403, "AuthorizationFailed")
    assert reply.headers["x-ms-failure-cause"] == "gateway"
    assert reply.message == (
        f"The client '{seed.READER.client_id}' with object id '{seed.READER.object_id}' does not have "
        "authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/write' over scope "
        f"'{url}'."
    )


def test_an_unregistered_provider_takes_no_writes(door: Door) -> None:
    """A write to a namespace that was unregistered is 409 until it is registered again."""
    group = door.group()
    provider = f"{SUBSCRIPTION}/providers/Microsoft.ManagedIdentity"
    assert door.send("POST", f"{provider}/unregister").body["registrationState"] == "NotRegistered"
    url = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    reply = door.send("PUT", url, {"location": "westeurope"})
    assert (reply.status, reply.code) == (409, "MissingSubscriptionRegistration")
    assert door.send("POST", f"{provider}/register").body["registrationState"] == "Registered"
    assert door.send("PUT", url, {"location": "westeurope"}).status == 201


def test_fails_inside_a_group_that_does_not_exist(door: Door) -> None:
    """Whatever is asked for in an absent group, the group is what is missing."""
    url = f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.KeyVault/vaults/v?api-version=2024-11-01"
    reply = door.send("GET", ARM + url)
    assert (reply.status, reply.code) == (404, "ResourceGroupNotFound")
    assert reply.message == "Resource group 'none' could not be found."


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


def test_fails_for_a_body_without_end(door: Door) -> None:
    """Ten thousand open brackets are bad content, not a crash."""
    reply = door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/g", content=b'{"a":' + b"[" * 100_000)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")


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
        "/providers/Microsoft.Authorization/policyDefinitions/{name}",
        "/providers/Microsoft.Authorization/roleDefinitions",
        "/providers/Microsoft.Authorization/roleDefinitions/{name}",
        "{scope*}/providers/Microsoft.Authorization/roleDefinitions",
        "{scope*}/providers/Microsoft.Authorization/roleDefinitions/{name}",
    }
