"""The login host: its published documents, and access tokens for client credentials.

Owns: the choice of the token for each client, and Entra's refusals (AADSTS...). Does not own: signing
(tokens.py), and the check of a token at a service (authentication.py). Its documents, and the texts of
refusals with their sources, are in `login.json`.
"""

import json
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from localazure import facts
from localazure.authentication import AUDIENCES
from localazure.cloud import Cloud
from localazure.directory import Principal, find_application, secret_fits
from localazure.routes import Handler, Route
from localazure.tokens import Signer
from localazure.web import LOGIN, Host, Json, Request, Response

_FACTS = facts.read("login.json")
_ANY_TENANT = ("common", "organizations")
"""Names that stand for the tenant of the user who signs in; an application must name its tenant."""


class RefusedError(Exception):
    """No token. `number` is Entra's, and `words` fill its text; `error` is OAuth's word for the reason, by
    default the number's own."""

    def __init__(self, number: int, error: str = "", **words: str) -> None:
        row = _FACTS["refusals"][str(number)]
        self.number, self.status, self.error = number, row["status"], error or row["error"]
        self.text = row["text"].format(**words)
        super().__init__(self.text)


def routes(signer: Signer) -> tuple[Route, ...]:
    """The rows of the login host; tokens are signed by `signer`."""

    def row(method: str, template: str, handler: Handler) -> Route:
        return Route(method, Host.LOGIN, template, "", handler, anonymous=True)

    def keys(_: Cloud, __: Request) -> Response:
        issuer = {"issuer": f"{LOGIN}/{{tenantid}}/v2.0"}
        return Response(200, {"keys": [{**signer.public_key(), **issuer}]})

    def token(cloud: Cloud, request: Request) -> Response:
        return _token(cloud, request, signer)

    return (
        row("GET", "/common/discovery/instance", _instances),
        row("GET", "/{tenant}/v2.0/.well-known/openid-configuration", _configuration),
        row("GET", "/{tenant}/discovery/v2.0/keys", keys),
        row("POST", "/{tenant}/oauth2/v2.0/token", token),
    )


def _configuration(cloud: Cloud, request: Request) -> Response:
    """The OIDC configuration of a tenant, or of a name that stands for any."""
    try:
        name = request.params["tenant"].lower()
        tenant = name if name in _ANY_TENANT else _tenant(cloud, name)
    except RefusedError as refused:
        return _refusal(cloud, request, refused)
    issuer = "{tenantid}" if tenant in _ANY_TENANT else tenant
    return Response(200, _filled(_FACTS["configuration"], tenant=tenant, issuer=issuer))


def _instances(_: Cloud, request: Request) -> Response:
    """This host and its aliases, for an authorization endpoint."""
    endpoint = request.query.get("authorization_endpoint", "")
    tenant = endpoint.removeprefix(f"{LOGIN}/").split("/", 1)[0] or "common"
    return Response(200, _filled(_FACTS["instances"], tenant=tenant))


def _filled(document: Json, **words: str) -> Json:
    text = json.dumps(document)
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", json.dumps(value)[1:-1])
    return json.loads(text)


def _refusal(cloud: Cloud, request: Request, refused: RefusedError) -> Response:
    """The error document around an AADSTS number."""
    now = cloud.clock.datetime().strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = cloud.new_id(), request.headers.get("client-request-id") or request.correlation_id
    body = {
        "error": refused.error,
        "error_description": f"AADSTS{refused.number}: {refused.text} Trace ID: {trace} "
        f"Correlation ID: {correlation} Timestamp: {now}",
        "error_codes": [refused.number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{LOGIN}/error?code={refused.number}",
    }
    return Response(refused.status, body)


def _token(cloud: Cloud, request: Request, signer: Signer) -> Response:
    form = dict(parse_qsl(request.content.decode("utf-8", "replace")))
    try:
        tenant = _tenant(cloud, request.params["tenant"])
        audience = _audience(form, tenant)
        principal = _sign_in(cloud, tenant, form)
        _prove(cloud, form)
    except RefusedError as refused:
        _log_sign_in(cloud, request, form, accepted=False)
        return _refusal(cloud, request, refused)
    _log_sign_in(cloud, request, form, accepted=True)
    seconds = cloud.behaviour.token_seconds
    issued = int(time.time())
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + seconds,
        "appid": principal.client_id,
        "appidacr": "1",
        "idp": f"https://sts.windows.net/{tenant}/",
        "idtyp": "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": tenant,
        "uti": cloud.new_hex(22),
        "ver": "1.0",
    }
    body = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
    return Response(200, {**body, "access_token": signer.sign(claims)})


def _log_sign_in(cloud: Cloud, request: Request, form: Mapping[str, str], *, accepted: bool) -> None:
    """Like Microsoft Entra's sign-in log: who asked for which token, and whether it was refused."""
    tenant, client = request.params["tenant"].lower(), form.get("client_id", "")
    cloud.store.append("signin", tenant, {"tenantId": tenant, "clientId": client, "accepted": accepted})


def _tenant(cloud: Cloud, name: str) -> str:
    """The tenant's id by its id or its domain. Raises RefusedError if it does not exist."""
    found = cloud.store.get("tenant", name)
    for _, tenant in [] if found else cloud.store.scan("tenant"):
        if tenant["domain"] == name.lower():
            found = tenant
    if found is None:
        raise RefusedError(90002, "invalid_tenant" if name in _ANY_TENANT else "", tenant=name)
    return str(found["tenantId"])


def _required(form: Mapping[str, str], name: str) -> str:
    if not (value := form.get(name, "")):
        raise RefusedError(900144, parameter=name)
    return value


def _audience(form: Mapping[str, str], tenant: str) -> str:
    """The resource that client credentials want a token for: the `scope` without `/.default`."""
    if (grant := _required(form, "grant_type")) != "client_credentials":
        raise RefusedError(70003, grant=grant)
    scopes = _required(form, "scope").split()
    asked = next((s.removesuffix("/.default") for s in scopes if s.endswith("/.default")), None)
    if asked is None:
        raise RefusedError(1002012, scope=" ".join(scopes))
    if asked.removesuffix("/") not in [one for each in AUDIENCES.values() for one in each]:
        raise RefusedError(500011, resource=asked, tenant=tenant)
    return asked


def _sign_in(cloud: Cloud, tenant: str, form: Mapping[str, str]) -> Principal:
    """The application that wants a token, before it has proved its identity."""
    client_id = _required(form, "client_id")
    principal = find_application(cloud, client_id)
    if principal is None or principal.tenant_id != tenant:
        raise RefusedError(700016, client=client_id, tenant=tenant)
    return principal


def _prove(cloud: Cloud, form: Mapping[str, str]) -> None:
    """Raises unless the application proves its identity by its secret. None here has a certificate."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if form.get("client_assertion"):
        raise RefusedError(700027, client=client_id)
    if not secret:
        raise RefusedError(7000218)
    if not secret_fits(cloud, client_id, secret):
        raise RefusedError(7000215, client=client_id)
