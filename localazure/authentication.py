"""Who is calling: the check of the access token at ARM, Key Vault and Language, and their challenges.

Owns: the one place where a token becomes a Caller, and every 401. Does not own: what the caller may do.
The texts of each host are in `authentication.json`, which says which of them were observed.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from localazure import facts
from localazure.cloud import Cloud
from localazure.keyvault.trusted_services import vault_at
from localazure.seed import TENANT_ID
from localazure.tokens import Signer, TokenError
from localazure.web import LOGIN, Caller, Host, Request, ServiceError

_FACTS = facts.read("authentication.json")
AUDIENCES: Mapping[str, Sequence[str]] = _FACTS["audiences"]
"""The resources that a token may be for, by the name of the host; spelled as clients do, less the slash."""
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
        _refuse(cloud, request, "malformed" if header and request.host is Host.ARM else "missing")
    try:
        claims = signer.verify(token.strip())
    except TokenError as error:
        expiry, now = (_american(at) for at in (datetime.fromtimestamp(error.at, UTC), datetime.now(UTC)))
        _refuse(cloud, request, "expired" if error.expired else "invalid", expiry=expiry, now=now)
    audience, allowed = str(claims["aud"]), AUDIENCES[request.host.name.lower()]
    if audience.removesuffix("/") not in allowed:
        _refuse(cloud, request, "audience", found=audience, expected=allowed[0])
    caller = Caller(object_id=claims["oid"], client_id=claims["appid"], tenant_id=claims["tid"])
    tenant = tenant_of(cloud, request)
    if tenant is not None and tenant != caller.tenant_id:
        issuer, wanted = (f"https://sts.windows.net/{id}/" for id in (caller.tenant_id, tenant))
        _refuse(cloud, request, "tenant", issuer=issuer, wanted=wanted)
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


def _refuse(cloud: Cloud, request: Request, what: str, **words: str) -> NoReturn:
    """Raises 401 with the host's text for the fault, or with ARM's if the host has none of its own."""
    authority = f"{LOGIN}/{tenant_of(cloud, request) or TENANT_ID}"
    host, texts = request.host.name.lower(), _FACTS["texts"]
    code, template = texts[host][what] if what in texts[host] else texts["arm"][what]
    message = template.format(authority=authority, **words)
    if request.host is Host.ARM:
        challenge = (
            f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
        )
    else:
        challenge = f'Bearer authorization="{authority}", resource="{AUDIENCES[host][0]}"'
    headers = {"WWW-Authenticate": challenge}
    error = ServiceError(401, code, message, gateway=request.host is Host.ARM, headers=headers)
    if request.host is Host.HSM and what == "missing":
        # Recorded of keyvault-admin by Azure/azure-sdk-for-js: no error object in it.
        error.text = "OK" if request.method == "GET" else ""
    raise error


def _american(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year} {moment.strftime('%I:%M:%S %p').lstrip('0')}"
