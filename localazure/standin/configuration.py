"""Configure: from provider config and environment to the login of one provider instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localazure.standin.azure import Login

ENVIRONMENT: Final[Mapping[str, str]] = {
    "tenantId": "ARM_TENANT_ID",
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
}
"""What the login needs: config key and the variable that stands in for it."""

OTHER_LOGINS: Final = ("useMsi", "useOidc", "useDefaultAzureCredential")
_TRUE: Final = ("true", "1")
PREFIX: Final = "azure-native:config:"


class ConfigurationError(Exception):
    """The configuration cannot be used; the text lists every reason."""


@dataclass(frozen=True)
class Configuration:
    """`location` is the stack's default, empty where it has none.

    `skip_read_on_update` takes the answer to a write for the state, without reading it again.
    """

    login: Login
    location: str = ""
    skip_read_on_update: bool = False


def configuration(variables: Mapping[str, str], environ: Mapping[str, str]) -> Configuration:
    """Config first, then environment; ConfigurationError names all that is missing or not supported."""
    config = {key.removeprefix(PREFIX): value for key, value in variables.items() if value}
    problems = [
        f"'azure-native:{key}' is not supported by the local azure-native: it logs in with a client secret"
        for key in OTHER_LOGINS
        if config.get(key, "").lower() in _TRUE
    ]
    environment = config.get("environment", "public").lower()
    # A metadata host names the cloud instead of the environment; whichever it is, the way leads here.
    if environment not in ("public", "azurecloud") and not config.get("metadataHost"):
        problems.append(f"'azure-native:environment' is '{environment}': the local Azure is 'public'")
    found = {key: config.get(key) or environ.get(name) or "" for key, name in ENVIRONMENT.items()}
    problems += [
        f"'{key}' is not set: set azure-native:{key} or {ENVIRONMENT[key]}"
        for key, value in found.items()
        if not value
    ]
    if problems:
        raise ConfigurationError("; ".join(problems))
    login = Login(found["tenantId"], found["clientId"], found["clientSecret"], found["subscriptionId"])
    skips = config.get("skipReadOnUpdate") or environ.get("ARM_SKIP_READ_ON_UPDATE") or ""
    location = config.get("location") or environ.get("ARM_LOCATION") or ""
    return Configuration(login, location, skip_read_on_update=skips.lower() in _TRUE)
