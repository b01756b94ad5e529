"""Who deploys: azure-native's settings and environment variables, made an azure-identity credential.

Reads the environment once, when the engine configures the provider. The order of the ways to log in is
azure-native's, so that one login serves both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provider import clouds

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_SETTINGS = {
    "clientId": ("ARM_CLIENT_ID",),
    "clientSecret": ("ARM_CLIENT_SECRET",),
    "clientCertificatePath": ("ARM_CLIENT_CERTIFICATE_PATH",),
    "clientCertificatePassword": ("ARM_CLIENT_CERTIFICATE_PASSWORD",),
    "tenantId": ("ARM_TENANT_ID",),
    "subscriptionId": ("ARM_SUBSCRIPTION_ID",),
    "auxiliaryTenantIds": ("ARM_AUXILIARY_TENANT_IDS",),
    "environment": ("ARM_ENVIRONMENT",),
    "metadataHost": ("ARM_METADATA_HOSTNAME",),
    "disableInstanceDiscovery": ("ARM_DISABLE_INSTANCE_DISCOVERY",),
    "useMsi": ("ARM_USE_MSI",),
    "msiEndpoint": ("ARM_MSI_ENDPOINT",),
    "useOidc": ("ARM_USE_OIDC",),
    "oidcToken": ("ARM_OIDC_TOKEN",),
    "oidcTokenFilePath": ("ARM_OIDC_TOKEN_FILE_PATH",),
    "oidcRequestToken": ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    "oidcRequestUrl": ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    "useDefaultAzureCredential": ("ARM_USE_DEFAULT_AZURE_CREDENTIAL",),
    "partnerId": ("ARM_PARTNER_ID",),
    "disablePulumiPartnerId": ("ARM_DISABLE_PULUMI_PARTNER_ID",),
    "location": ("ARM_LOCATION",),
}
SECRET_SETTINGS = ("clientSecret", "clientCertificatePassword", "oidcToken", "oidcRequestToken")


class LoginError(ValueError):
    """The login settings cannot work; the message says which and why."""


@dataclass(frozen=True)
class Login:
    """The settings that count, by azure-native's names; secrets are kept out of `repr`."""

    cloud: clouds.AzureCloud = clouds.PUBLIC
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str:
        return self.settings.get(name, "")

    def flag(self, name: str) -> bool:
        return self.get(name).lower() in ("true", "1")

    @property
    def subscription_id(self) -> str:
        return self.get("subscriptionId")


def login(config: Mapping[str, str], environ: Mapping[str, str]) -> Login:
    """The login that provider settings and environment ask for, the former first. Raises LoginError."""
    settings = {
        name: value
        for name, variables in _SETTINGS.items()
        if (value := config.get(name) or next((environ[v] for v in variables if environ.get(v)), ""))
    }
    if host := settings.get("metadataHost"):
        raise LoginError(
            f"metadataHost {host!r} is not supported by azure-cmk, which sends tokens to the hosts of "
            "the public, US "
            "Government and China clouds only; set environment (ARM_ENVIRONMENT) instead"
        )
    try:
        cloud = clouds.named(settings.get("environment", ""))
    except ValueError as error:
        raise LoginError(str(error)) from error
    return Login(cloud, settings)


def unknown_settings(config: Mapping[str, object]) -> list[str]:
    """The provider settings that nobody knows, which are most likely misspelt."""
    return sorted(set(config) - set(_SETTINGS) - {"version", "pluginDownloadURL"})


def credential(wanted: Login, **transport: Any) -> TokenCredential:
    """The azure-identity credential; `transport` are azure-core's options for its requests.

    Raises LoginError naming the missing settings.
    """
    # Half a second of imports that a preview without known ids never needs.
    from azure import identity  # noqa: PLC0415

    options: dict[str, Any] = {"authority": wanted.cloud.authority, **transport}
    extra = [t for t in wanted.get("auxiliaryTenantIds").strip("[]").replace('"', "").split(",") if t.strip()]
    if wanted.flag("useDefaultAzureCredential"):
        return identity.DefaultAzureCredential(**options)
    application = {
        **options,
        "disable_instance_discovery": wanted.flag("disableInstanceDiscovery"),
        "additionally_allowed_tenants": extra,
    }
    if wanted.get("clientCertificatePath"):
        _need(wanted, "a client certificate", "tenantId", "clientId")
        return identity.CertificateCredential(
            wanted.get("tenantId"),
            wanted.get("clientId"),
            wanted.get("clientCertificatePath"),
            password=wanted.get("clientCertificatePassword") or None,
            **application,
        )
    if wanted.get("clientSecret"):
        _need(wanted, "a client secret", "tenantId", "clientId")
        return identity.ClientSecretCredential(
            wanted.get("tenantId"),
            wanted.get("clientId"),
            wanted.get("clientSecret"),
            **application,
        )
    if wanted.flag("useOidc"):
        _need(wanted, "OIDC", "tenantId", "clientId")
        return identity.ClientAssertionCredential(
            wanted.get("tenantId"),
            wanted.get("clientId"),
            lambda: _assertion(wanted),
            **application,
        )
    if wanted.flag("useMsi"):
        return identity.ManagedIdentityCredential(client_id=wanted.get("clientId") or None, **transport)
    return identity.AzureCliCredential(tenant_id=wanted.get("tenantId"), additionally_allowed_tenants=extra)


def _need(wanted: Login, way: str, *names: str) -> None:
    missing = [f"{name} ({_SETTINGS[name][0]})" for name in names if not wanted.get(name)]
    if missing:
        raise LoginError(f"logging in with {way} needs {' and '.join(missing)}")


def _assertion(wanted: Login) -> str:
    """The OIDC token: given, in a file (read again each time: they are short-lived), or from a
    request URL."""
    if token := wanted.get("oidcToken"):
        return token
    if path := wanted.get("oidcTokenFilePath"):
        return Path(path).read_text(encoding="utf-8").strip()
    _need(wanted, "OIDC", "oidcRequestUrl", "oidcRequestToken")
    import requests  # noqa: PLC0415

    response = requests.get(
        wanted.get("oidcRequestUrl"),
        params={"audience": "api://AzureADTokenExchange"},
        headers={"Authorization": f"Bearer {wanted.get('oidcRequestToken')}"},
        timeout=30,
        allow_redirects=False,
    )
    response.raise_for_status()
    return str(response.json()["value"])
