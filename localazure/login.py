"""The login host: OIDC discovery and access tokens for client credentials.

Owns: which token is given to whom, and the texts of a refusal (AADSTS...). Does not own: signing
(tokens.py), and what a token is good for at a service (authentication.py).
Error texts: https://learn.microsoft.com/entra/identity-platform/reference-error-codes, and public reports.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from localazure import discovery
from localazure.cloud import Cloud
from localazure.directory import Principal, find_application, secret_fits
from localazure.discovery import LOGIN
from localazure.login_refusals import RefusedError, refusal
from localazure.routes import Handler, Route
from localazure.tokens import Signer
from localazure.web import Host, Json, Request, Response

# The resources for which tokens are given, in the spelling clients use, without their last slash.
RESOURCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://vault.azure.net",
    "https://managedhsm.azure.net",
    "https://cognitiveservices.azure.com",
    "https://graph.microsoft.com",
    "https://api.loganalytics.io",
)


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
        row("GET", "/{tenant}/.well-known/openid-configuration", _configuration),
        row("GET", "/{tenant}/discovery/v2.0/keys", keys),
        row("GET", "/{tenant}/discovery/keys", keys),
        row("POST", "/{tenant}/oauth2/v2.0/token", token),
        row("POST", "/{tenant}/oauth2/token", token),
    )


def _configuration(cloud: Cloud, request: Request) -> Response:
    try:
        name = request.params["tenant"].lower()
        tenant = name if name in discovery.ANY_TENANT else _tenant(cloud, name)
    except RefusedError as refused:
        return refusal(cloud, request, refused)
    modern = "/v2.0/" in request.path
    shown = discovery.configuration if modern else discovery.configuration_of_tokens
    return Response(200, shown(tenant))


def _instances(_: Cloud, request: Request) -> Response:
    return Response(200, discovery.instances(request.query.get("authorization_endpoint", "")))


def _token(cloud: Cloud, request: Request, signer: Signer) -> Response:
    form = {**_basic(request), **dict(parse_qsl(request.content.decode("utf-8", "replace")))}
    try:
        tenant = _tenant(cloud, request.params["tenant"])
        _client_credentials(form)
        audience = _audience(form, tenant, modern="/v2.0/" in request.path)
        principal = _sign_in(cloud, tenant, form)
        _prove(cloud, form)
    except RefusedError as refused:
        _log_sign_in(cloud, request, form, accepted=False)
        return refusal(cloud, request, refused)
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
    body: dict[str, Json] = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
    if "resource" in form:
        body |= {
            "expires_in": str(seconds),
            "ext_expires_in": str(seconds),
            "expires_on": str(issued + seconds),
            "not_before": str(issued),
            "resource": audience,
        }
    return Response(200, {**body, "access_token": signer.sign(claims)})


def _log_sign_in(cloud: Cloud, request: Request, form: Mapping[str, str], *, accepted: bool) -> None:
    """Like Microsoft Entra's sign-in log: who asked for a token where, also where it was refused."""
    tenant, client = request.params["tenant"].lower(), form.get("client_id", "")
    cloud.store.append("signin", tenant, {"tenantId": tenant, "clientId": client, "accepted": accepted})


def _basic(request: Request) -> Mapping[str, str]:
    """Client id and secret from a Basic header (RFC 6749, 2.3.1); empty without such a header."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return {}
    client_id, _, secret = text.partition(":")
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _tenant(cloud: Cloud, name: str) -> str:
    """The tenant's id by its id or its domain. Raises RefusedError if it does not exist."""
    found = cloud.store.get("tenant", name)
    for _, tenant in [] if found else cloud.store.scan("tenant"):
        if tenant["domain"] == name.lower():
            found = tenant
    if found is None:
        raise RefusedError(
            400,
            "invalid_tenant" if name in ("common", "organizations") else "invalid_request",
            90002,
            f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing "
            "into the correct cloud. Check with your subscription administrator, this may happen if there "
            "are no active subscriptions for the tenant.",
        )
    return str(found["tenantId"])


def _client_credentials(form: Mapping[str, str]) -> None:
    grant = _required(form, "grant_type")
    if grant != "client_credentials":
        raise RefusedError(
            400,
            "unsupported_grant_type",
            70003,
            f"The app requested an unsupported grant type '{grant}'.",
        )


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise RefusedError(400, "invalid_request", 900144, text)
    return value


def _audience(form: Mapping[str, str], tenant: str, *, modern: bool) -> str:
    """The resource a token is asked for: the `scope` without `/.default`, or the older `resource`."""
    if not modern:
        asked = form.get("resource", "")
    else:
        scopes = _required(form, "scope").split()
        asked = next((s for s in scopes if s.endswith("/.default")), "")
        if not asked:
            raise RefusedError(
                400,
                "invalid_scope",
                1002012,
                f"The provided value for scope {' '.join(scopes)} is not valid. Client credential flows must "
                "have a scope value with /.default suffixed to the resource identifier (application ID URI).",
            )
        asked = asked.removesuffix("/.default")
    if asked.removesuffix("/") not in RESOURCES:
        raise RefusedError(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {asked} was not found in the tenant named {tenant}. This can "
            "happen if the application has not been installed by the administrator of the tenant or "
            "consented to by any user in the tenant. You might have sent your authentication request to the "
            "wrong tenant.",
        )
    return asked


def _sign_in(cloud: Cloud, tenant: str, form: Mapping[str, str]) -> Principal:
    """The application that wants a token; whether it is who it says is still to be proved."""
    client_id = _required(form, "client_id")
    principal = find_application(cloud, client_id)
    if principal is None or principal.tenant_id != tenant:
        raise RefusedError(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can "
            "happen if the application has not been installed by the administrator of the tenant or "
            "consented to by any user in the tenant. You may have sent your authentication request to the "
            "wrong tenant.",
        )
    return principal


def _prove(cloud: Cloud, form: Mapping[str, str]) -> None:
    """Raises where an application does not prove by its secret who it is. None here has a certificate."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if form.get("client_assertion"):
        raise RefusedError(
            401,
            "invalid_client",
            700027,
            "Client assertion failed signature validation. The certificate with identifier used to sign the "
            "client assertion is not registered on application. [Reason - The key was not found., "
            f"Application '{client_id}']",
        )
    if not secret:
        raise RefusedError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    if not secret_fits(cloud, client_id, secret):
        raise RefusedError(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client "
            f"secret value, not the client secret ID, for a secret added to app '{client_id}'.",
        )
