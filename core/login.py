"""Who logs in to Azure, and how: azure-native's settings and environment variables, in azure-native's order.

One login serves every part of the project. login_settings.json is the table of the settings, with its
sources. Others: pulumi-azure-native, provider/pkg/provider/auth_azidentity.go
(`newSingleMethodAuthCredential`) and provider.go (`getConfig`: a setting that is given, even an empty one,
wins over any environment variable).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core import clouds

_FILE: Final = Path(__file__).with_name("login_settings.json")
_TABLE: Final = json.loads(_FILE.read_text(encoding="utf-8"))["settings"]
SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(row["variables"]) for name, row in _TABLE.items()
}
"""Each setting of azure-native's provider, and the environment variables that replace it, in order."""
SECRETS: Final = frozenset(name for name, row in _TABLE.items() if row.get("secret"))
"""The settings that must be secret in a state."""
NOT_LOGIN: Final = frozenset(name for name, row in _TABLE.items() if row["says"] == "other")
"""Settings of azure-native that say nothing about who logs in."""
IDENTITY: Final = frozenset(name for name, row in _TABLE.items() if row["says"] == "identity")
"""The settings that together name one identity."""

DEFAULT_AUDIENCE: Final = "api://AzureADTokenExchange"
"""The audience of a federated token for Microsoft Entra, unless `oidcAudience` names another."""

_SWITCHES: Final = ("useDefaultAzureCredential", "useOidc", "useMsi")


class LoginError(ValueError):
    """The login settings cannot work; the message says which and why. Never holds a secret."""


class Method(Enum):
    """How to log in, in azure-native's order."""

    DEFAULT = "DefaultAzureCredential"
    CERTIFICATE = "a client certificate"
    SECRET = "a client secret"  # noqa: S105 - the name of a method
    OIDC = "OIDC"
    MANAGED_IDENTITY = "a managed identity"
    CLI = "the Azure CLI"


@dataclass(frozen=True)
class Login:
    """The settings that count. `settings` is kept out of `repr`, since it holds secrets.

    `cloud` is the public one unless `environment` names another; the Azure CLI may be logged in to another
    cloud, which only `az` can say.
    """

    cloud: clouds.Cloud = clouds.PUBLIC
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str:
        """A setting, "" where it is not given."""
        return self.settings.get(name, "")

    def enabled(self, name: str) -> bool:
        """Whether a switch is on. azure-native takes the word `true` alone: `1` and `True` are off."""
        return self.get(name) == "true"

    @property
    def subscription_id(self) -> str:
        """The subscription to work in, "" where none is given."""
        return self.get("subscriptionId")

    @property
    def oidc_audience(self) -> str:
        """The audience that a federated token is requested for."""
        return self.get("oidcAudience") or DEFAULT_AUDIENCE

    @property
    def method(self) -> Method:
        """The first method that is configured, in azure-native's order; the Azure CLI if none is."""
        configured = {
            Method.DEFAULT: self.enabled("useDefaultAzureCredential"),
            Method.CERTIFICATE: bool(self.get("clientCertificatePath")),
            Method.SECRET: bool(self.get("clientSecret")),
            Method.OIDC: self.enabled("useOidc"),
            Method.MANAGED_IDENTITY: self.enabled("useMsi"),
        }
        return next((method for method, on in configured.items() if on), Method.CLI)

    @property
    def ignored_switches(self) -> tuple[str, ...]:
        """The switches whose value looks like "on" and is not `true`, for a failed login's error."""
        return tuple(
            f"{name} ({SETTINGS[name][0]}) is {value!r}, and only 'true' turns it on"
            for name in _SWITCHES
            if (value := self.get(name)).strip().lower() in ("1", "true", "yes", "on") and value != "true"
        )

    def with_cli_account(self, cloud: str, subscription_id: str, tenant_id: str) -> Login:
        """This login completed from the account that `az account show` names, as azure-native does it.

        Raises LoginError when the account contradicts what is configured: a token for another cloud or tenant
        would be an identity that nobody configured.
        """
        active = clouds.named(cloud)
        if self.get("environment") and active != self.cloud:
            raise LoginError(
                f"the configured cloud is {self.cloud.name}, but the Azure CLI is logged in to "
                f"{active.name}; run `az cloud set --name {self.cloud.cli_name}` and `az login`"
            )
        wanted = self.get("tenantId")
        if wanted and tenant_id and wanted.lower() != tenant_id.lower():
            raise LoginError(
                f"the configured tenant is {wanted}, but the Azure CLI's account is in tenant {tenant_id}; "
                f"run `az login --tenant {wanted}`, or set subscriptionId to a subscription of that tenant"
            )
        known = {"subscriptionId": self.subscription_id or subscription_id}
        return replace(self, cloud=active, settings={**self.settings, **known})


def configured(own: Mapping[str, str], azure_native: Mapping[str, str]) -> dict[str, str]:
    """The login settings of a stack: those of `azure-cmk`, and azure-native's for what they leave out.

    The settings that name an identity are taken from one of the two: an own `clientSecret` must not be joined
    to azure-native's `clientId`.
    """
    inherited = set(SETTINGS) - NOT_LOGIN
    if IDENTITY & set(own):
        inherited -= IDENTITY
    return {
        **{name: value for name, value in azure_native.items() if name in inherited},
        **{name: value for name, value in own.items() if name in SETTINGS},
    }


def login(config: Mapping[str, str], environ: Mapping[str, str]) -> Login:
    """The login that settings and environment configure; a setting that is given wins over a variable.

    `config` is what `configured` gives, or the inputs of a provider. Raises LoginError for an unknown cloud
    and for a method that lacks settings.
    """
    settings = {name: value for name in SETTINGS if (value := _value(name, config, environ))}
    if host := settings.get("metadataHost"):
        raise LoginError(
            f"metadataHost {host!r} is not supported: tokens go only to the hosts of the public, US "
            "Government and China clouds; set environment (ARM_ENVIRONMENT) instead"
        )
    try:
        found = Login(clouds.named(settings.get("environment", "")), settings)
    except ValueError as error:
        raise LoginError(f"{error} (setting environment, or ARM_ENVIRONMENT)") from error
    _refuse_incomplete(found)
    return found


def unknown_settings(config: Mapping[str, object]) -> list[str]:
    """Names that are no settings of azure-native; they are probably misspelt."""
    return sorted(set(config) - set(SETTINGS) - {"version", "pluginDownloadURL"})


def _value(name: str, config: Mapping[str, str], environ: Mapping[str, str]) -> str:
    if name in config:
        return config[name]
    return next((environ[variable] for variable in SETTINGS[name] if environ.get(variable)), "")


def _refuse_incomplete(found: Login) -> None:
    """Raises LoginError when the method that was chosen lacks settings."""
    if found.method in (Method.CERTIFICATE, Method.SECRET, Method.OIDC):
        _require(found, "tenantId", "clientId")
    if found.method is not Method.OIDC or found.get("oidcToken") or found.get("oidcTokenFilePath"):
        return
    _require(found, "oidcRequestUrl", "oidcRequestToken")
    if urlsplit(found.get("oidcRequestUrl")).scheme != "https":
        raise LoginError(
            f"oidcRequestUrl {found.get('oidcRequestUrl')!r} is not an https URL, so no token is sent to it"
        )


def _require(found: Login, *names: str) -> None:
    missing = [f"{name} ({SETTINGS[name][0]})" for name in names if not found.get(name)]
    if missing:
        raise LoginError(f"logging in with {found.method.value} needs {' and '.join(missing)}")
