"""A login made a credential of azure-identity: which class, and what each of its requests may do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from provider.login import Login, Way

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def credential(wanted: Login, **transport: Any) -> TokenCredential:
    """The azure-identity credential; `transport` are azure-core's options for its requests."""
    # Half a second of imports that a preview without known ids never needs.
    from azure import identity  # noqa: PLC0415

    options: dict[str, Any] = {"authority": wanted.cloud.authority, **transport}
    extra = re.findall(r"[^\[\]\"',\s]+", wanted.get("auxiliaryTenantIds"))
    application = {
        **options,
        "disable_instance_discovery": wanted.flag("disableInstanceDiscovery"),
        "additionally_allowed_tenants": extra,
        # The credential would wait in its thread, unheard by Ctrl-C and untold; `retrying` does that better.
        "retry_total": 0,
        "raw_response_hook": _raise_refusals,
    }
    tenant, client = wanted.get("tenantId"), wanted.get("clientId")
    match wanted.way:
        case Way.DEFAULT:
            return identity.DefaultAzureCredential(**options)
        case Way.CERTIFICATE:
            password = wanted.get("clientCertificatePassword") or None
            path = wanted.get("clientCertificatePath")
            return identity.CertificateCredential(tenant, client, path, password=password, **application)
        case Way.SECRET:
            return identity.ClientSecretCredential(tenant, client, wanted.get("clientSecret"), **application)
        case Way.OIDC:
            return identity.ClientAssertionCredential(
                tenant, client, lambda: _assertion(wanted), **application
            )
        case Way.MANAGED_IDENTITY:
            return identity.ManagedIdentityCredential(client_id=client or None, **transport)
        case Way.CLI:
            return identity.AzureCliCredential(tenant_id=tenant, additionally_allowed_tenants=extra)


def _raise_refusals(response: Any) -> None:
    """Keeps the login host's answer whole; azure-identity would leave a text of it, without Retry-After."""
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

    if response.http_response.status_code >= 400:
        raise HttpResponseError(response=response.http_response)


def _assertion(wanted: Login) -> str:
    """The OIDC token: given, in a file (read each time, for they are short-lived), or from a request URL."""
    if token := wanted.get("oidcToken"):
        return token
    if path := wanted.get("oidcTokenFilePath"):
        return Path(path).read_text(encoding="utf-8").strip()
    import requests  # noqa: PLC0415
    from azure.core.exceptions import ServiceRequestError  # noqa: PLC0415

    url = wanted.get("oidcRequestUrl")
    try:
        response = requests.get(
            url,
            params={"audience": "api://AzureADTokenExchange"},
            headers={"Authorization": f"Bearer {wanted.get('oidcRequestToken')}"},
            timeout=30,
            allow_redirects=False,
        )
        response.raise_for_status()
        return str(response.json()["value"])
    except (requests.RequestException, KeyError, TypeError) as error:
        host = urlsplit(url).hostname
        raise ServiceRequestError(f"{host} gave no OIDC token: {type(error).__name__}: {error}") from error
