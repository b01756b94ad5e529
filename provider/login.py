"""Who deploys: azure-native's settings and environment variables, read once, when the provider is configured.

The order of the ways to log in is azure-native's, so that one login serves both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from provider import clouds

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


class Way(Enum):
    """How to log in; the order is azure-native's."""

    DEFAULT = "DefaultAzureCredential"
    CERTIFICATE = "a client certificate"
    SECRET = "a client secret"  # noqa: S105 - the name of a way
    OIDC = "OIDC"
    MANAGED_IDENTITY = "a managed identity"
    CLI = "the Azure CLI"


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

    @property
    def way(self) -> Way:
        asked = {
            Way.DEFAULT: self.flag("useDefaultAzureCredential"),
            Way.CERTIFICATE: bool(self.get("clientCertificatePath")),
            Way.SECRET: bool(self.get("clientSecret")),
            Way.OIDC: self.flag("useOidc"),
            Way.MANAGED_IDENTITY: self.flag("useMsi"),
        }
        return next((way for way, wanted in asked.items() if wanted), Way.CLI)


def login(config: Mapping[str, str], environ: Mapping[str, str]) -> Login:
    """The login that provider settings and environment ask for, the former first.

    Raises LoginError for a cloud that is not known and for settings that are missing.
    """
    settings = {
        name: value
        for name, variables in _SETTINGS.items()
        if (value := config.get(name) or next((environ[v] for v in variables if environ.get(v)), ""))
    }
    if host := settings.get("metadataHost"):
        raise LoginError(
            f"metadataHost {host!r} is not supported by azure-cmk, which sends tokens to the hosts of the "
            "public, US Government and China clouds only; set environment (ARM_ENVIRONMENT) instead"
        )
    try:
        wanted = Login(clouds.named(settings.get("environment", "")), settings)
    except ValueError as error:
        raise LoginError(str(error)) from error
    _refuse_halves(wanted)
    return wanted


def unknown_settings(config: Mapping[str, object]) -> list[str]:
    """The provider settings that nobody knows, which are most likely misspelt."""
    return sorted(set(config) - set(_SETTINGS) - {"version", "pluginDownloadURL"})


def _refuse_halves(wanted: Login) -> None:
    """Raises LoginError when the way to log in that was chosen lacks settings."""
    if wanted.way in (Way.CERTIFICATE, Way.SECRET, Way.OIDC):
        _need(wanted, "tenantId", "clientId")
    if wanted.way is not Way.OIDC or wanted.get("oidcToken") or wanted.get("oidcTokenFilePath"):
        return
    _need(wanted, "oidcRequestUrl", "oidcRequestToken")
    if urlsplit(wanted.get("oidcRequestUrl")).scheme != "https":
        raise LoginError(
            f"oidcRequestUrl {wanted.get('oidcRequestUrl')!r} is not an https URL, so no token is sent to it"
        )


def _need(wanted: Login, *names: str) -> None:
    missing = [f"{name} ({_SETTINGS[name][0]})" for name in names if not wanted.get(name)]
    if missing:
        raise LoginError(f"logging in with {wanted.way.value} needs {' and '.join(missing)}")
