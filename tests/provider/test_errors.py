"""Every translated error, from the text that the service really sent."""

from __future__ import annotations

import pytest

from provider.error_table import ROWS, About
from provider.errors import translate
from provider.failure import ServiceError, Trouble, trouble

ABOUT = About("ACC-ID", "VAULT-ID", "contoso-keys", "language-key", "PRINCIPAL")
RBAC_DENIAL = (
    "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
    "assignments or role "
    "definitions were changed recently, please observe propagation time.\r\nCaller: appid=x;oid=y\r\n"
    "Action: 'Microsoft.KeyVault/vaults/keys/{action}'\r\nResource: '/x'\r\nAssignment: (not found)\r\n"
    "DecisionReason: null \r\nVault: contoso-keys;location=westeurope\r\n"
)

# ruff: noqa: ISC004 - long texts of the service are one item each

# status, code, inner code, text -> trouble, a part of the cause, a part of the fix
CASES: tuple[tuple[int, str, str, str, Trouble, str, str], ...] = (
    (
        400,
        "BadRequest",
        "",
        "The encryption key must be recoverable and not purgeable",
        Trouble.FINAL,
        "purge protection",
        "az keyvault update --name contoso-keys --enable-purge-protection true",
    ),
    (
        400,
        "BadRequest",
        "",
        "KeyVaultProperties is invalid",
        Trouble.PROPAGATING,
        "cannot use the key",
        "list-versions --vault-name contoso-keys --name language-key",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByRbac",
        RBAC_DENIAL.replace("{action}", "rotate/action"),
        Trouble.PROPAGATING,
        "the deploying principal may not change the key",
        "Key Vault Crypto Officer",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByPolicy",
        "The user, group or application 'appid=x' does not have keys rotate permission on key vault "
        "'contoso-keys'.",
        Trouble.PROPAGATING,
        "the deploying principal may not change the key",
        "--key-permissions get list update rotate",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByRbac",
        RBAC_DENIAL.replace("{action}", "read"),
        Trouble.PROPAGATING,
        "has no role on the key",
        "--assignee-object-id PRINCIPAL --assignee-principal-type ServicePrincipal --scope "
        "VAULT-ID/keys/language-key",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByPolicy",
        "The user, group or application 'appid=x' does not have keys get permission on key vault "
        "'contoso-keys'.",
        Trouble.PROPAGATING,
        "no access policy",
        "az keyvault set-policy --name contoso-keys --object-id PRINCIPAL",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByConnection",
        "Public network access is disabled and request is not from a trusted service nor via an "
        "approved private link.",
        Trouble.FINAL,
        "network lets nobody in",
        "--bypass AzureServices",
    ),
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
        "BadRequest",
        "",
        'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection '
        "for a vault is an "
        "irreversible action.",
        Trouble.FINAL,
        "cannot be taken away",
        "set it to true",
    ),
    (
        409,
        "ConflictError",
        "",
        "A vault with the same name already exists in deleted state. You need to either recover or "
        "purge existing key "
        "vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
        "information on soft delete.",
        Trouble.FINAL,
        "still holds the name",
        "az keyvault recover --name contoso-keys",
    ),
    (
        405,
        "MethodNotAllowed",
        "",
        "Operation 'DeletedVaultPurge' is not allowed.",
        Trouble.FINAL,
        "purge protected",
        "scheduledPurgeDate",
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
        403,
        "Forbidden",
        "KeyDisabled",
        "Operation wrapKey is not allowed on a disabled key.",
        Trouble.FINAL,
        "version is disabled",
        "--enabled true",
    ),
    (
        404,
        "KeyNotFound",
        "",
        "Key not found: language-key",
        Trouble.FINAL,
        "no such key",
        "az keyvault key recover",
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1]}-{case[2]}-{case[5][:20]}")
def test_a_known_answer_is_explained(case: tuple[int, str, str, str, Trouble, str, str]) -> None:
    """Cause and fix come first; the service's code, text and correlation id stay in the message."""
    status, code, inner, text, kind, cause, fix = case
    failure = ServiceError(status, code, text, "binding", inner, "corr-1")
    message = translate(failure, ABOUT)
    assert cause in message.partition("\n")[0]
    assert fix in message
    for kept in (code, inner, text, "corr-1", "binding"):
        assert kept in message
    assert trouble(failure) is kind


def test_every_row_of_the_table_is_reached() -> None:
    """No row is hidden by one before it: each is what some real text finds first."""
    reached = {translate(ServiceError(s, c, t, "", i), ABOUT).partition("\n")[0] for s, c, i, t, *_ in CASES}
    assert {row.cause for row in ROWS} == reached


def test_an_unknown_answer_passes_through_whole() -> None:
    """Nothing is invented about an answer that nobody knows, and nothing is taken from it."""
    failure = ServiceError(418, "Teapot", "short\nand stout", "pouring", "Tea", "corr-2")
    assert translate(failure) == (
        "pouring: Azure answered 418 Teapot (Tea): short\nand stout [correlation id corr-2]"
    )


def test_no_answer_says_so() -> None:
    """A lost connection is told as what it is."""
    assert translate(ServiceError(0, "ServiceRequestError", "refused", "reading")) == (
        "reading: no answer (ServiceRequestError: refused)"
    )


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (0, "ServiceResponseError", "Connection aborted.", Trouble.TRANSIENT),
        (408, "RequestTimeout", "", Trouble.TRANSIENT),
        (500, "InternalServerError", "An error has occurred.", Trouble.TRANSIENT),
        (503, "ServiceUnavailable", "", Trouble.TRANSIENT),
        (429, "TooManyRequests", "", Trouble.THROTTLED),
        (409, "Conflict", "Another operation is in progress", Trouble.BUSY),
        (409, "AnotherOperationInProgress", "", Trouble.BUSY),
        (412, "PreconditionFailed", "etag", Trouble.BUSY),
        (403, "Forbidden", "", Trouble.PROPAGATING),
        (403, "LinkedAuthorizationFailed", "", Trouble.FINAL),
        (400, "BadRequest", "something else", Trouble.FINAL),
        (404, "NotFound", "", Trouble.FINAL),
    ],
)
def test_only_what_passes_by_itself_is_waited_for(status: int, code: str, text: str, kind: Trouble) -> None:
    """Each class of answer has one kind of trouble, and only access and business are waited for."""
    assert trouble(ServiceError(status, code, text)) is kind
