"""Texts about accounts, about Resource Manager and the login, as `key_error_cases` has them."""

from __future__ import annotations

from provider.failure import Trouble
from tests.provider.key_error_cases import Case

# ruff: noqa: ISC004 - long texts of the service are one item each

CASES: tuple[Case, ...] = (
    (
        409,
        "FlagMustBeSetForRestore",
        "",
        "An existing resource with ID '/x' has been soft-deleted. To restore the resource, you must "
        "specify 'restore' "
        "to be 'true' in the property. If you don't want to restore existing resource, please purge "
        "it first.",
        Trouble.FINAL,
        "was deleted and still holds the name",
        "az cognitiveservices account purge",
    ),
    (
        400,
        "CustomDomainInUse",
        "",
        "Please pick a different name. The subdomain name 'contoso' is not available as it's already "
        "used by a "
        "resource. If the resource was deleted in the last 48 hours, you may need to purge",
        Trouble.FINAL,
        "custom subdomain is in use",
        "another customSubDomainName than contoso",
    ),
    (
        403,
        "AuthorizationFailed",
        "",
        "The client 'a' with object id 'b' does not have authorization to perform action "
        "'Microsoft.CognitiveServices/"
        "locations/resourceGroups/deletedAccounts/delete' over scope '/subscriptions/s' or the "
        "scope is invalid.",
        Trouble.FINAL,
        "needs a right at the subscription",
        "Cognitive Services Contributor",
    ),
    (
        400,
        "AccountProvisioningStateInvalid",
        "",
        "Call to Microsoft.CognitiveServices/accounts failed. Account /x in state Accepted.",
        Trouble.BUSY,
        "busy with another change",
        "az cognitiveservices account show --ids ACC-ID",
    ),
    (
        409,
        "ScopeLocked",
        "",
        "The scope '/x' cannot perform write operation because following scope(s) are locked: '/x'. Please "
        "remove the lock and try again.",
        Trouble.FINAL,
        "read-only lock",
        "az lock delete --ids",
    ),
    (
        409,
        "ReadOnlyDisabledSubscription",
        "",
        "The subscription 's' is disabled and therefore marked as read only. You cannot perform any write "
        "actions on this subscription until it is re-enabled.",
        Trouble.FINAL,
        "subscription is disabled",
        "re-enabled",
    ),
    (
        400,
        "ResourceKindRequireAcceptTerms",
        "",
        "This subscription is not allowed to create Face until you accept the terms.",
        Trouble.FINAL,
        "terms of this kind",
        "Azure portal",
    ),
    (
        400,
        "PrincipalNotFound",
        "",
        "Principal 33333333333333333333333333333333 does not exist in the directory 2222.",
        Trouble.PROPAGATING,
        "not known everywhere yet",
        "principalType ServicePrincipal",
    ),
    (
        403,
        "RequestDisallowedByPolicy",
        "",
        "Resource 'contoso' was disallowed by policy. Policy identifiers: '[...]'.",
        Trouble.FINAL,
        "an Azure Policy",
        "user-assigned identity",
    ),
    (
        403,
        "AuthorizationFailed",
        "",
        "The client 'a' with object id 'b' does not have authorization to perform action "
        "'Microsoft.CognitiveServices/accounts/write' over scope '/subscriptions/s/resourceGroups/g'.",
        Trouble.FINAL,
        "lacks a right in Azure Resource Manager",
        "have Microsoft.CognitiveServices/accounts/write granted at /subscriptions/s/resourceGroups/g",
    ),
    (
        409,
        "MissingSubscriptionRegistration",
        "",
        "The subscription is not registered to use namespace 'Microsoft.KeyVault'. See "
        "https://aka.ms/rps-not-found",
        Trouble.FINAL,
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
        Trouble.FINAL,
        "client secret is wrong",
        "ARM_CLIENT_SECRET",
    ),
    (
        401,
        "invalid_client",
        "",
        "AADSTS7000222: The provided client secret keys for app 'x' are expired.",
        Trouble.FINAL,
        "has expired",
        "az ad app credential reset",
    ),
    (
        401,
        "invalid_client",
        "",
        "AADSTS700024: Client assertion is not within its valid time range.",
        Trouble.FINAL,
        "the OIDC token has expired",
        "set oidcTokenFilePath",
    ),
    (
        401,
        "unauthorized_client",
        "",
        "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
        Trouble.FINAL,
        "knows no application",
        "ARM_TENANT_ID",
    ),
    (
        401,
        "invalid_request",
        "",
        "AADSTS90002: Tenant 'x' not found. Check to make sure you have the correct tenant ID.",
        Trouble.FINAL,
        "no such tenant",
        "az account show --query tenantId",
    ),
    (
        401,
        "InvalidAuthenticationTokenTenant",
        "",
        "The access token is from the wrong issuer 'https://sts.windows.net/a/'.",
        Trouble.FINAL,
        "another tenant",
        "ARM_TENANT_ID",
    ),
    (
        400,
        "EncryptionScopeNotSupported",
        "",
        "Encryption scope is not supported for this API or in this region.",
        Trouble.FINAL,
        "encryption scopes are not offered",
        "bind the account itself",
    ),
    (
        400,
        "BadRequest",
        "",
        "Failed to list key. disableLocalAuth is set to be true",
        Trouble.FINAL,
        "local authentication is off",
        "Microsoft Entra token",
    ),
    (
        404,
        "ResourceGroupNotFound",
        "",
        "Resource group 'g' could not be found.",
        Trouble.FINAL,
        "resource group does not exist",
        "az group show",
    ),
    (
        404,
        "ResourceNotFound",
        "",
        "The Resource 'Microsoft.CognitiveServices/accounts/x' under resource group 'g' was not found.",
        Trouble.FINAL,
        "does not exist",
        "az resource show --ids ACC-ID",
    ),
    (
        404,
        "SubscriptionNotFound",
        "",
        "The subscription 's' could not be found.",
        Trouble.FINAL,
        "cannot see this subscription",
        "az account list",
    ),
    (
        401,
        "InvalidAuthenticationToken",
        "",
        "The access token is invalid.",
        Trouble.FINAL,
        "does not accept the login",
        "az login",
    ),
)
