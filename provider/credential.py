"""Makes a login a credential of azure-identity. Every part of the project that calls Azure logs in here.

`core.login` says which method and which settings count; this module asks the Azure CLI for the account that
it is logged in to, and makes the credential. Nothing here keeps or shows a token.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.login import Login, Method

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

AZ_TIMEOUT = 30.0
"""Seconds that `az account show` may take; a cold start of the CLI takes some."""


def complete(login: Login) -> Login:
    """The login, completed from the account that the Azure CLI is logged in to, if the CLI logs in: its cloud
    and its subscription.

    azure-native does the same. Unchanged if `az` is missing or not logged in: the first request for a token
    then says so. Raises LoginError when the account is of another cloud or tenant than configured.
    """
    if login.method is not Method.CLI:
        return login
    # Only a login by the CLI needs them, and each start of the plugin would import them.
    import shutil  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    if not (az := shutil.which("az")):
        return login
    command = [az, "account", "show", "--output", "json"]
    if login.subscription_id:
        command += ["--subscription", login.subscription_id]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=AZ_TIMEOUT, check=True)
        account = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return login
    told = (str(account.get(name) or "") for name in ("environmentName", "id", "tenantId"))
    return login.with_cli_account(*told)


def claims(credential: TokenCredential, scope: str) -> Mapping[str, str]:
    """The claims in a token for a scope whose values are texts; none if the token is not a JWT.

    Azure calls them opaque to clients, so a claim may be absent. azure-native reads them, too
    (auth_getclientconfig.go).
    """
    token = credential.get_token(scope).token
    try:
        payload = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {name: value for name, value in found.items() if isinstance(value, str)}
    except (ValueError, IndexError, AttributeError):
        return {}


def credential(login: Login, **transport: Any) -> TokenCredential:
    """The azure-identity credential; `transport` are azure-core's options for its requests."""
    # Half a second of imports that a preview without known ids never needs.
    from azure import identity  # noqa: PLC0415

    options: dict[str, Any] = {"authority": login.cloud.authority, **transport}
    extra = re.findall(r"[^\[\]\"',\s]+", login.get("auxiliaryTenantIds"))
    tenant, client = login.get("tenantId"), login.get("clientId")
    application = {
        **options,
        "disable_instance_discovery": login.enabled("disableInstanceDiscovery"),
        "additionally_allowed_tenants": extra,
        # The credential would wait in its thread, where Ctrl-C does not reach it; `Retries` waits instead.
        "retry_total": 0,
        "raw_response_hook": _raise_refusals,
    }
    match login.method:
        case Method.DEFAULT:
            tenants = {"workload_identity_tenant_id": tenant} if tenant else {}
            return identity.DefaultAzureCredential(additionally_allowed_tenants=extra, **tenants, **options)
        case Method.CERTIFICATE:
            password = login.get("clientCertificatePassword") or None
            path = login.get("clientCertificatePath")
            return identity.CertificateCredential(tenant, client, path, password=password, **application)
        case Method.SECRET:
            return identity.ClientSecretCredential(tenant, client, login.get("clientSecret"), **application)
        case Method.OIDC:
            return identity.ClientAssertionCredential(
                tenant, client, lambda: _assertion(login), **application
            )
        case Method.MANAGED_IDENTITY:
            return identity.ManagedIdentityCredential(client_id=client or None, **transport)
        case Method.CLI if login.subscription_id:
            # A subscription is of one tenant, and `az` refuses `--tenant` beside it (Azure/azure-cli#32755).
            return identity.AzureCliCredential(subscription=login.subscription_id)
        case Method.CLI:
            return identity.AzureCliCredential(tenant_id=tenant, additionally_allowed_tenants=extra)


def _raise_refusals(response: Any) -> None:
    """Keeps the login host's answer whole; azure-identity would keep only its text, without Retry-After."""
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

    if response.http_response.status_code >= 400:
        raise HttpResponseError(response=response.http_response)


def _assertion(login: Login) -> str:
    """A federated token, read or requested each time: given tokens live for minutes, and Azure's for an
    hour."""
    if token := login.get("oidcToken"):
        return token
    if path := login.get("oidcTokenFilePath"):
        return Path(path).read_text(encoding="utf-8").strip()
    import requests  # noqa: PLC0415
    from azure.core.exceptions import ServiceRequestError  # noqa: PLC0415

    url = login.get("oidcRequestUrl")
    try:
        response = requests.get(
            url,
            params={"audience": login.oidc_audience},
            headers={"Authorization": f"Bearer {login.get('oidcRequestToken')}"},
            timeout=30,
            allow_redirects=False,
        )
        response.raise_for_status()
        return str(response.json()["value"])
    except (requests.RequestException, KeyError, TypeError) as error:
        host = urlsplit(url).hostname
        raise ServiceRequestError(f"{host} gave no OIDC token: {type(error).__name__}: {error}") from error
