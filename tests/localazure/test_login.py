"""The login host: discovery, tokens, and Microsoft Entra's refusals."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import jwt
import pytest

from localazure import seed
from localazure.directory import create_principal
from tests.localazure.driver import Case
from tests.support.front import SECRETS, SUBSCRIPTION, Reply, signer

LOGIN = "https://login.microsoftonline.com"
GOOD = {
    "grant_type": "client_credentials",
    "client_id": seed.DEPLOYER.client_id,
    "client_secret": SECRETS["deployer"],
    "scope": "https://management.azure.com/.default",
}


def _ask(case: Case, tenant: str = seed.TENANT_ID, path: str = "oauth2/v2.0/token", **changes: str) -> Reply:
    form = {name: value for name, value in {**GOOD, **changes}.items() if value}
    return case.send("POST", f"{LOGIN}/{tenant}/{path}", content=urlencode(form).encode(), bearer="")


def test_discovery_leads_to_the_token_endpoint(case: Case) -> None:
    """The OIDC configuration of a tenant names its issuer, where tokens are had, and what signs them."""
    url = f"{LOGIN}/{seed.TENANT_ID}/v2.0/.well-known/openid-configuration"
    found = case.send("GET", url, bearer="").body
    assert found["issuer"] == f"{LOGIN}/{seed.TENANT_ID}/v2.0"
    assert found["token_endpoint"] == f"{LOGIN}/{seed.TENANT_ID}/oauth2/v2.0/token"
    keys = jwt.PyJWKSet.from_dict(case.send("GET", found["jwks_uri"], bearer="").body)
    given = _ask(case).body["access_token"]
    key = keys[jwt.get_unverified_header(given)["kid"]]
    claims = jwt.decode(given, key, algorithms=["RS256"], audience="https://management.azure.com")
    assert claims["oid"] == seed.DEPLOYER.object_id


@pytest.mark.parametrize("name", ["common", "organizations", "Common"])
def test_any_tenant_has_a_configuration_and_no_token(case: Case, name: str) -> None:
    """`common` can be discovered, its issuer a template; an application signs in to a tenant of its own."""
    found = case.send("GET", f"{LOGIN}/{name}/v2.0/.well-known/openid-configuration", bearer="").body
    assert found["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"
    assert "access_token" not in _ask(case, tenant=name).body


def test_every_request_for_a_token_is_in_the_sign_in_log(case: Case) -> None:
    """Who asked at which tenant, granted or not; no secret."""
    assert _ask(case).status == 200
    assert _ask(case, client_secret="wrong").status == 401
    asked = {"tenantId": seed.TENANT_ID, "clientId": seed.DEPLOYER.client_id}
    assert case.cloud.store.events("signin") == [{**asked, "accepted": True}, {**asked, "accepted": False}]


def test_a_token_says_who_and_for_what(case: Case) -> None:
    """Claims name application, object, tenant, issuer and audience; the time is the machine's."""
    case.cloud.clock.advance(10 * 365 * 86400)
    reply = _ask(case, tenant="contoso.onmicrosoft.com")  # a tenant's domain serves as its name
    assert (reply.status, reply.body["token_type"], reply.body["expires_in"]) == (200, "Bearer", 3599)
    claims = signer().verify(reply.body["access_token"])
    assert abs(claims["exp"] - time.time() - 3599) < 5
    expected = {
        "appid": seed.DEPLOYER.client_id,
        "oid": seed.DEPLOYER.object_id,
        "sub": seed.DEPLOYER.object_id,
        "tid": seed.TENANT_ID,
        "iss": f"https://sts.windows.net/{seed.TENANT_ID}/",
        "aud": "https://management.azure.com",
        "ver": "1.0",
        "idtyp": "app",
    }
    assert claims.items() >= expected.items()


def test_a_token_lasts_as_long_as_the_switch_says(case: Case) -> None:
    """`token_seconds`: one of no length is refused as over, and not as wrong."""
    case.cloud.behave(token_seconds=0)
    reply = _ask(case)
    assert reply.body["expires_in"] == 0
    refused = case.send("GET", f"{SUBSCRIPTION}/resourceGroups", bearer=reply.body["access_token"])
    assert (refused.status, refused.code) == (401, "ExpiredAuthenticationToken")


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        ("https://management.core.windows.net//.default", "https://management.core.windows.net/"),
        ("https://vault.azure.net/.default", "https://vault.azure.net"),
        ("https://cognitiveservices.azure.com/.default", "https://cognitiveservices.azure.com"),
        ("https://graph.microsoft.com/.default openid", "https://graph.microsoft.com"),
    ],
)
def test_the_scope_decides_the_audience(case: Case, scope: str, audience: str) -> None:
    """The audience is the scope without `/.default`, in the client's spelling."""
    assert signer().verify(_ask(case, scope=scope).body["access_token"])["aud"] == audience


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": SECRETS["reader"]}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"client_id": seed.FOREIGNER.client_id}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"tenant": "nowhere"}, 400, "invalid_request", 90002),
        ({"scope": "https://storage.azure.com/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "https://vault.azure.net.evil/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "https://vault.azure.net/keys"}, 400, "invalid_scope", 1002012),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
    ],
)
def test_fails_with_the_code_of_entra(
    case: Case, changes: dict[str, str], status: int, error: str, code: int
) -> None:
    """Each wrong part of a request is refused with Entra's own number, and no token."""
    reply = _ask(case, **changes)
    assert (reply.status, reply.body["error"], reply.body["error_codes"]) == (status, error, [code])
    assert reply.body["error_description"].startswith(f"AADSTS{code}: ")
    assert "access_token" not in reply.body


@pytest.mark.parametrize(
    "path", ["/", "//oauth2/v2.0/token", f"/{seed.TENANT_ID}/oauth2/token", "/%ED%A0%80"]
)
@pytest.mark.parametrize("bearer", ["", "x", "a.b.c"])
def test_fails_for_a_login_at_no_address_of_entra(case: Case, path: str, bearer: str) -> None:
    """Whatever it carries: the login host checks no token, and says that it has no such address."""
    reply = case.send(
        "POST", f"https://login.microsoftonline.com{path}", content=b"grant_type=", bearer=bearer
    )
    assert (reply.status, reply.code) == (501, "NotImplemented")


@pytest.mark.parametrize("secret", ["None", " "])
def test_a_managed_identity_cannot_sign_in(case: Case, secret: str) -> None:
    """An identity without a secret signs in with none, not even an empty one."""
    identity = create_principal(case.cloud, tenant_id=seed.TENANT_ID, name="account")
    assert _ask(case, client_id=identity.client_id, client_secret=secret).body["error_codes"] == [7000215]


def test_no_secret_is_stored_in_clear(case: Case) -> None:
    """The memory holds digests of client secrets only."""
    kinds = ("principal", "principal.client", "principal.secret")
    stored = repr([case.cloud.store.scan(kind) for kind in kinds])
    assert seed.DEPLOYER.client_id in stored
    assert not [secret for secret in SECRETS.values() if secret in stored]
