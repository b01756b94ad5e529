"""Refusals of the login that are known; rows of `error_table`."""

from __future__ import annotations

from provider.error_row import Row

LOGIN_ROWS: tuple[Row, ...] = (
    Row(
        r"AADSTS7000215",
        "the client secret is wrong",
        "set ARM_CLIENT_SECRET to the secret's value, not its id",
        "Microsoft Entra error codes",
    ),
    Row(
        r"AADSTS7000222",
        "the client secret has expired",
        "make a new one: az ad app credential reset --id CLIENT_ID, and set ARM_CLIENT_SECRET",
        "Microsoft Entra error codes",
    ),
    Row(
        r"AADSTS700016",
        "the tenant knows no application with this client id",
        "compare ARM_CLIENT_ID and ARM_TENANT_ID with `az ad app show --id CLIENT_ID`",
        "Microsoft Entra error codes",
    ),
    Row(
        r"AADSTS700024",
        "the OIDC token has expired; it is exchanged again whenever a token of Azure runs out",
        "set oidcTokenFilePath to a file that is kept fresh, or oidcRequestUrl and oidcRequestToken, instead "
        "of oidcToken",
        "Microsoft Entra error codes",
    ),
    Row(
        r"AADSTS90002",
        "there is no such tenant",
        "compare ARM_TENANT_ID with `az account show --query tenantId`",
        "Microsoft Entra error codes",
    ),
    Row(
        r"InvalidAuthenticationTokenTenant",
        "the login is for another tenant than the subscription's",
        "set ARM_TENANT_ID to the subscription's tenant (az account show --query tenantId)",
        "Azure Resource Manager error codes",
    ),
    Row(
        r"",
        "Azure does not accept the login",
        "log in again (az login), or check ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID",
        "Azure Resource Manager error codes",
        statuses=(401,),
    ),
)
