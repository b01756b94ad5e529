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
PREFIX: Final = "azure-native:config:"


class ConfigurationError(Exception):
    """The configuration cannot be used; the text lists every reason."""


@dataclass(frozen=True)
class Configuration:
    """`location` is the stack's default, empty where it has none."""

    login: Login
    location: str = ""


def configuration(variables: Mapping[str, str], environ: Mapping[str, str]) -> Configuration:
    """Config first, then environment; ConfigurationError names all that is missing or not supported."""
    config = {key.removeprefix(PREFIX): value for key, value in variables.items() if value}
    problems = [
        f"'azure-native:{key}' is not supported by the local azure-native: it logs in with a client secret"
        for key in OTHER_LOGINS
        if config.get(key, "").lower() in ("true", "1")
    ]
    environment = config.get("environment", "public").lower()
    if environment not in ("public", "azurecloud"):
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
    return Configuration(login, config.get("location") or environ.get("ARM_LOCATION") or "")
