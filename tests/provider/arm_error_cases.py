"""Texts about accounts, about Resource Manager and the login, as `key_error_cases` has them."""

from __future__ import annotations

from core.refusals import RefusalKind
from tests.provider.key_error_cases import Case

# ruff: noqa: ISC004 - long texts of the service are one item each

CASES: tuple[Case, ...] = (
    (
        400,
        "AccountProvisioningStateInvalid",
        "",
        "Call to Microsoft.CognitiveServices/accounts failed. Account /x in state Accepted.",
        RefusalKind.BUSY,
        "busy with another change",
        "az resource show --ids ACC-ID",
    ),
    (
        409,
        "ScopeLocked",
        "",
        "The scope '/x' cannot perform write operation because following scope(s) are locked: '/x'. Please "
        "remove the lock and try again.",
        RefusalKind.FINAL,
        "read-only lock",
        "az lock delete --ids",
    ),
    (
        409,
        "ReadOnlyDisabledSubscription",
        "",
        "The subscription 's' is disabled and therefore marked as read only. You cannot perform any write "
        "actions on this subscription until it is re-enabled.",
        RefusalKind.FINAL,
        "subscription is disabled",
        "re-enabled",
    ),
    (
        403,
        "RequestDisallowedByPolicy",
        "",
        "Resource 'contoso' was disallowed by policy. Policy identifiers: '[...]'.",
        RefusalKind.FINAL,
        "an Azure Policy",
        "user-assigned identity",
    ),
    (
        403,
        "AuthorizationFailed",
        "",
        "The client 'a' with object id 'b' does not have authorization to perform action "
        "'Microsoft.CognitiveServices/accounts/write' over scope '/subscriptions/s/resourceGroups/g'.",
        RefusalKind.FINAL,
        "lacks a right in Azure Resource Manager",
        "have Microsoft.CognitiveServices/accounts/write granted at /subscriptions/s/resourceGroups/g",
    ),
    (
        409,
        "MissingSubscriptionRegistration",
        "",
        "The subscription is not registered to use namespace 'Microsoft.KeyVault'. See "
        "https://aka.ms/rps-not-found",
        RefusalKind.FINAL,
        "never used this resource provider",
        "az provider register --namespace Microsoft.KeyVault --wait",
    ),
    (
        401,
        "invalid_client",
        "",
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request "
        "is the client "
        "secret value, not the client secret ID.",
        RefusalKind.FINAL,
        "client secret is wrong",
        "ARM_CLIENT_SECRET",
    ),
    (
        401,
        "invalid_client",
        "",
        "AADSTS7000222: The provided client secret keys for app 'x' are expired.",
        RefusalKind.FINAL,
        "has expired",
        "az ad app credential reset",
    ),
    (
        401,
        "invalid_client",
        "",
        "AADSTS700024: Client assertion is not within its valid time range.",
        RefusalKind.FINAL,
        "the OIDC token has expired",
        "set oidcTokenFilePath",
    ),
    (
        401,
        "unauthorized_client",
        "",
        "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
        RefusalKind.FINAL,
        "knows no application",
        "ARM_TENANT_ID",
    ),
    (
        401,
        "invalid_request",
        "",
        "AADSTS90002: Tenant 'x' not found. Check to make sure you have the correct tenant ID.",
        RefusalKind.FINAL,
        "no such tenant",
        "az account show --query tenantId",
    ),
    (
        401,
        "InvalidAuthenticationTokenTenant",
        "",
        "The access token is from the wrong issuer 'https://sts.windows.net/a/'.",
        RefusalKind.FINAL,
        "another tenant",
        "ARM_TENANT_ID",
    ),
    (
        404,
        "ResourceGroupNotFound",
        "",
        "Resource group 'g' could not be found.",
        RefusalKind.FINAL,
        "resource group does not exist",
        "az group show",
    ),
    (
        404,
        "ResourceNotFound",
        "",
        "The Resource 'Microsoft.CognitiveServices/accounts/x' under resource group 'g' was not found.",
        RefusalKind.FINAL,
        "does not exist",
        "az resource show --ids ACC-ID",
    ),
    (
        404,
        "SubscriptionNotFound",
        "",
        "The subscription 's' could not be found.",
        RefusalKind.FINAL,
        "cannot see this subscription",
        "az account list",
    ),
    (
        401,
        "InvalidAuthenticationToken",
        "",
        "The access token is invalid.",
        RefusalKind.FINAL,
        "does not accept the login",
        "az login",
    ),
)
