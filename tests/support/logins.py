"""Logins as people configure them, and what each must come to: the same for every tool.

The expected values are what pulumi-azure-native's source does with the same settings (auth_azidentity.go,
`newSingleMethodAuthCredential` and `readAuthConfig`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"
OTHER = "99999999-9999-9999-9999-999999999999"


@dataclass(frozen=True)
class Case:
    """One way to configure a login: the stack's `azure-cmk:` and `azure-native:` settings, the environment;
    then the method by its name in `core.login.Method`, the cloud, and the values that count."""

    name: str
    own: Mapping[str, str] = field(default_factory=dict)
    azure_native: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    method: str = "CLI"
    cloud: str = "public"
    values: Mapping[str, str] = field(default_factory=dict)


_WHO = {"tenantId": TENANT, "clientId": CLIENT}
_ARM = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT, "ARM_SUBSCRIPTION_ID": "sub"}

CASES = (
    Case("nothing configured"),
    Case(
        "secret in the environment",
        environ={**_ARM, "ARM_CLIENT_SECRET": "s"},
        method="SECRET",
        values={**_WHO, "clientSecret": "s", "subscriptionId": "sub"},
    ),
    Case(
        "secret in azure-native's configuration",
        azure_native={**_WHO, "clientSecret": "s"},
        method="SECRET",
        values={**_WHO, "clientSecret": "s"},
    ),
    Case(
        "azure-native's configuration before the environment",
        azure_native={"clientId": CLIENT, "environment": "china"},
        environ={**_ARM, "ARM_CLIENT_ID": OTHER, "ARM_CLIENT_SECRET": "s", "ARM_ENVIRONMENT": "usgovernment"},
        method="SECRET",
        cloud="china",
        values={**_WHO, "clientSecret": "s"},
    ),
    Case(
        "own configuration before azure-native's, none of which is mixed in",
        own={**_WHO, "clientSecret": "own"},
        azure_native={"clientId": OTHER, "tenantId": OTHER, "clientCertificatePath": "/other.pfx"},
        method="SECRET",
        values={**_WHO, "clientSecret": "own", "clientCertificatePath": ""},
    ),
    Case(
        "own cloud beside azure-native's identity",
        own={"environment": "china"},
        azure_native={**_WHO, "clientSecret": "s", "environment": "public", "subscriptionId": "sub"},
        method="SECRET",
        cloud="china",
        values={**_WHO, "clientSecret": "s", "subscriptionId": "sub"},
    ),
    Case(
        "azure-native's cloud beside an own identity",
        own={**_WHO, "useOidc": "true", "oidcToken": "t"},
        azure_native={"clientSecret": "s", "environment": "usgovernment"},
        method="OIDC",
        cloud="usgovernment",
        values={"clientSecret": ""},
    ),
    Case(
        "azure-native's location says nothing about the login",
        azure_native={"location": "westeurope", "partnerId": "x"},
        environ={**_ARM, "ARM_CLIENT_SECRET": "s"},
        method="SECRET",
    ),
    Case(
        "an empty setting hides the variable",
        azure_native={"clientSecret": ""},
        environ={**_ARM, "ARM_CLIENT_SECRET": "s"},
        method="CLI",
    ),
    Case(
        "certificate before secret",
        environ={**_ARM, "ARM_CLIENT_CERTIFICATE_PATH": "/c.pfx", "ARM_CLIENT_SECRET": "s"},
        method="CERTIFICATE",
    ),
    Case(
        "DefaultAzureCredential before everything",
        environ={**_ARM, "ARM_CLIENT_SECRET": "s", "ARM_USE_DEFAULT_AZURE_CREDENTIAL": "true"},
        method="DEFAULT",
    ),
    Case(
        "secret before OIDC",
        environ={**_ARM, "ARM_CLIENT_SECRET": "s", "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "t"},
        method="SECRET",
    ),
    Case(
        "OIDC before managed identity",
        environ={**_ARM, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "t", "ARM_USE_MSI": "true"},
        method="OIDC",
        values={"oidcToken": "t"},
    ),
    Case(
        "OIDC of GitHub Actions",
        environ={
            **_ARM,
            "ARM_USE_OIDC": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "ask",
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://actions.example",
        },
        method="OIDC",
        values={"oidcRequestToken": "ask", "oidcRequestUrl": "https://actions.example"},
    ),
    Case(
        "OIDC in azure-native's configuration, with an audience",
        azure_native={
            **_WHO,
            "useOidc": "true",
            "oidcTokenFilePath": "/token",
            "oidcAudience": "api://contoso",
        },
        method="OIDC",
        values={"oidcTokenFilePath": "/token", "oidcAudience": "api://contoso"},
    ),
    Case(
        # Azure DevOps has no request URL of GitHub's form (pulumi-azure-native#2884).
        "OIDC of Azure DevOps, in a file that the pipeline keeps fresh",
        environ={**_ARM, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": "/token"},
        method="OIDC",
        values={"oidcTokenFilePath": "/token", "oidcToken": ""},
    ),
    Case(
        "ARM_USE_OIDC=1 is off",
        environ={**_ARM, "ARM_USE_OIDC": "1", "ARM_OIDC_TOKEN": "t"},
        method="CLI",
    ),
    Case("ARM_USE_MSI=True is off", environ={**_ARM, "ARM_USE_MSI": "True"}, method="CLI"),
    Case(
        "managed identity",
        environ={"ARM_USE_MSI": "true", "ARM_CLIENT_ID": CLIENT},
        method="MANAGED_IDENTITY",
        values={"clientId": CLIENT},
    ),
    Case(
        "the CLI with a subscription and a cloud",
        environ={"ARM_SUBSCRIPTION_ID": "sub", "AZURE_ENVIRONMENT": "AzureUSGovernment"},
        cloud="usgovernment",
        values={"subscriptionId": "sub"},
    ),
    Case(
        "ARM_ENVIRONMENT before AZURE_ENVIRONMENT",
        environ={"ARM_ENVIRONMENT": "china", "AZURE_ENVIRONMENT": "AzureUSGovernment"},
        cloud="china",
    ),
    Case(
        "an own environment with a secret in the environment's variables",
        own={"environment": "usgovernment"},
        environ={**_ARM, "ARM_CLIENT_SECRET": "s", "ARM_AUXILIARY_TENANT_IDS": f'["{OTHER}"]'},
        method="SECRET",
        cloud="usgovernment",
        values={"auxiliaryTenantIds": f'["{OTHER}"]'},
    ),
)
