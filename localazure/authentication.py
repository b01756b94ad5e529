"""Who is calling: the check of the access token at ARM, Key Vault and Language, and their challenges.

Owns: the one place where a token becomes a Caller, and every 401. Does not own: what the caller may do.
The challenges of Key Vault and managed HSMs, and the text of a vault without a token, are observed; the
other texts are from public reports and the services' documentation, hence assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn

from localazure.cloud import Cloud
from localazure.keyvault.trusted_services import vault_at
from localazure.seed import TENANT_ID
from localazure.tokens import Signer, TokenError
from localazure.web import LOGIN, Caller, Host, Request, ServiceError

_AUDIENCES: Mapping[Host, tuple[str, ...]] = {
    Host.ARM: ("https://management.core.windows.net", "https://management.azure.com"),
    Host.VAULT: ("https://vault.azure.net",),
    Host.HSM: ("https://managedhsm.azure.net",),
    Host.LANGUAGE: ("https://cognitiveservices.azure.com",),
    Host.LOGS: ("https://api.loganalytics.io",),
    Host.GRAPH: ("https://graph.microsoft.com",),
}
_KEEPS_KEYS = (Host.VAULT, Host.HSM)
_KEY_HEADER = "ocp-apim-subscription-key"


def authenticate(cloud: Cloud, request: Request, signer: Signer) -> Caller | None:
    """The caller whose token the request carries.

    None where the Language endpoint is called with an account key instead; its handlers check that.
    Raises ServiceError 401, with the service's own challenge, for anything but a valid token: none,
    forged, expired, for another resource, or from another tenant than the subscription's or vault's.
    """
    header = request.headers.get("authorization", "")
    if not header and request.host is Host.LANGUAGE and request.headers.get(_KEY_HEADER):
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        malformed = header and request.host is Host.ARM
        _refuse(cloud, request, *(_MALFORMED if malformed else _MISSING[request.host]))
    try:
        claims = signer.verify(token.strip())
    except TokenError as error:
        _refuse(cloud, request, *_invalid(request.host, error))
    if str(claims["aud"]).removesuffix("/") not in _AUDIENCES[request.host]:
        _refuse(cloud, request, *_wrong_audience(request.host, str(claims["aud"])))
    caller = Caller(object_id=claims["oid"], client_id=claims["appid"], tenant_id=claims["tid"])
    tenant = tenant_of(cloud, request)
    if tenant is not None and tenant != caller.tenant_id:
        _refuse(cloud, request, *_wrong_tenant(request.host, caller.tenant_id, tenant))
    return caller


def tenant_of(cloud: Cloud, request: Request) -> str | None:
    """The tenant of the addressed subscription, vault or managed HSM, None if that does not exist."""
    if request.host in _KEEPS_KEYS:
        vault = vault_at(cloud, f"https://{request.host.replace('*', request.label)}/")
        return vault.tenant_id if vault else None
    if request.host is Host.ARM:
        subscription = cloud.store.get("subscription", subscription_in(request.path))
        return str(subscription["tenantId"]) if subscription else None
    return None


def subscription_in(path: str) -> str:
    """The subscription's id in an ARM path, empty where it has none."""
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


_Text = tuple[str, str]
_NO_KEY = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
    "for an active subscription and use a correct regional API endpoint for your resource."
)
_MALFORMED = (
    "AuthenticationFailedInvalidHeader",
    "Authentication failed. The 'Authorization' header is provided in an invalid format.",
)
_MISSING: Mapping[Host, _Text] = {
    Host.ARM: (
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    ),
    Host.VAULT: ("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."),
    Host.HSM: ("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."),
    Host.LANGUAGE: ("401", _NO_KEY),
    Host.LOGS: ("AuthorizationRequiredError", "Valid authentication was not provided"),
    Host.GRAPH: ("InvalidAuthenticationToken", "Access token is empty."),
}


def _invalid(host: Host, error: TokenError) -> _Text:
    if host in _KEEPS_KEYS:
        return (
            "Unauthorized",
            f"[{'TokenExpired' if error.expired else 'Unauthorized'}] Error validating token.",
        )
    if host is Host.LANGUAGE:
        return "401", _NO_KEY
    if error.expired:
        expiry, now = (
            _american(moment) for moment in (datetime.fromtimestamp(error.at, UTC), datetime.now(UTC))
        )
        return (
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'.",
        )
    return "InvalidAuthenticationToken", "The access token is invalid."


def _wrong_audience(host: Host, found: str) -> _Text:
    if host in _KEEPS_KEYS:
        return (
            "Unauthorized",
            f"AKV10022: Invalid audience. Expected {_AUDIENCES[host][0]}, found: {found}.",
        )
    if host is Host.LANGUAGE:
        return "401", "Audience is incorrect (https://cognitiveservices.azure.com)."
    allowed = ",".join(f"'{a}{slash}'" for a in _AUDIENCES[Host.ARM] for slash in ("/", ""))
    text = (
        f"The access token has been obtained for wrong audience or resource '{found}'. It should exactly "
        f"match with one of the allowed audiences {allowed}."
    )
    return "InvalidAuthenticationTokenAudience", text


def _wrong_tenant(host: Host, found: str, expected: str) -> _Text:
    issuer, wanted = f"https://sts.windows.net/{found}/", f"https://sts.windows.net/{expected}/"
    if host in _KEEPS_KEYS:
        return "Unauthorized", f"AKV10032: Invalid issuer. Expected one of {wanted}, found {issuer}."
    text = (
        f"The access token is from the wrong issuer '{issuer}'. It must match the tenant '{wanted}' "
        f"associated with this subscription. Please use the authority (URL) '{LOGIN}/{expected}' to get the "
        "token. Note, if the subscription is transferred to another tenant there is no impact to the "
        "services, but information about new tenant could take time to propagate (up to an hour). If you "
        "just transferred your subscription and see this error message, please try back later."
    )
    return "InvalidAuthenticationTokenTenant", text


def _refuse(cloud: Cloud, request: Request, code: str, message: str) -> NoReturn:
    authority = f"{LOGIN}/{tenant_of(cloud, request) or TENANT_ID}"
    if request.host is Host.ARM:
        challenge = (
            f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
        )
    else:
        challenge = f'Bearer authorization="{authority}", resource="{_AUDIENCES[request.host][0]}"'
    headers = {"WWW-Authenticate": challenge}
    error = ServiceError(401, code, message, gateway=request.host is Host.ARM, headers=headers)
    if request.host is Host.HSM and (code, message) == _MISSING[Host.HSM]:
        # Recorded of keyvault-admin by Azure/azure-sdk-for-js: no error object in it.
        error.text = "OK" if request.method == "GET" else ""
    raise error


def _american(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year} {moment.strftime('%I:%M:%S %p').lstrip('0')}"
