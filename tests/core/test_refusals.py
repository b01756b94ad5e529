"""What a refusal of Azure means, by status, code and text."""

from __future__ import annotations

import pytest

from core.refusals import Kind, is_forbidden, kind, kind_of_text

INVALID = "KeyVaultProperties is invalid"
AZCORE = "PUT https://management.azure.com/x\n---\nRESPONSE 403: 403 Forbidden\nERROR CODE: "
DENIED = "Caller is not authorized to perform action on resource."


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (0, "ServiceResponseError", "Connection aborted.", Kind.TRANSIENT),
        (408, "RequestTimeout", "", Kind.TRANSIENT),
        (500, "InternalServerError", "An error has occurred.", Kind.TRANSIENT),
        (503, "ServiceUnavailable", "", Kind.TRANSIENT),
        (429, "TooManyRequests", "", Kind.THROTTLED),
        (409, "Conflict", "Another operation is in progress", Kind.BUSY),
        (409, "AnotherOperationInProgress", "", Kind.BUSY),
        (409, "ResourceGroupBeingDeleted", "is in deprovisioning state", Kind.BUSY),
        (400, "AccountProvisioningStateInvalid", "Account /x in state Accepted.", Kind.BUSY),
        (412, "PreconditionFailed", "etag", Kind.BUSY),
        (200, "Forbidden", "Access denied to first party service.", Kind.PROPAGATING),
        (403, "Forbidden", "", Kind.PROPAGATING),
        (400, "BadRequest", INVALID, Kind.PROPAGATING),
        (400, "AccessPolicyNotConfiguredForKeyVault", "", Kind.PROPAGATING),
        (400, "KeyVaultAuthenticationFailure", "", Kind.PROPAGATING),
        (400, "PrincipalNotFound", "Principal x does not exist in the directory y.", Kind.PROPAGATING),
        (400, "BadRequest", "something else", Kind.UNKNOWN),
        (422, "Unprocessable", "", Kind.UNKNOWN),
        (200, "Failed", "The operation failed.", Kind.UNKNOWN),
        (403, "DenyAssignmentAuthorizationFailed", "", Kind.FINAL),
        (403, "LinkedAuthorizationFailed", "", Kind.FINAL),
        (403, "RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy.", Kind.FINAL),
        (403, "Forbidden", "Public network access is disabled", Kind.FINAL),
        (400, "BadRequest", "The encryption key must be recoverable and not purgeable", Kind.FINAL),
        (409, "FlagMustBeSetForRestore", "has been soft-deleted.", Kind.FINAL),
        (400, "CustomDomainInUse", "The subdomain name 'x' is not available", Kind.FINAL),
        (400, "ResourceKindRequireAcceptTerms", "", Kind.FINAL),
        (409, "ConflictError", "A vault with the same name already exists in deleted state.", Kind.FINAL),
        (404, "NotFound", "", Kind.FINAL),
        (401, "InvalidAuthenticationToken", "", Kind.FINAL),
    ],
)
def test_each_refusal_has_one_kind(status: int, code: str, text: str, expected: Kind) -> None:
    """Only access, other changes and outages are waited for; words that nobody knows are told apart."""
    assert kind(status, code, text) is expected


def test_the_inner_code_counts() -> None:
    """A vault says why in `innererror`."""
    assert kind(403, "Forbidden", "", "ForbiddenByFirewall") is Kind.FINAL
    assert kind(403, "Forbidden", "", "ForbiddenByPolicy") is Kind.PROPAGATING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'Status=400 Code="BadRequest" Message="{INVALID}"', Kind.PROPAGATING),
        ('Status=403 Code="Forbidden" Message="denied"', Kind.PROPAGATING),
        ('Status=400 Code="BadRequest" Message="odd"', Kind.UNKNOWN),
        ('Status=409 Code="FlagMustBeSetForRestore" Message="x"', Kind.FINAL),
        (
            f"{AZCORE}Forbidden\n---",
            Kind.PROPAGATING,
        ),
        (
            f"{AZCORE}AuthorizationFailed\n---",
            Kind.FINAL,
        ),
        (f"operation failed: {INVALID}", Kind.PROPAGATING),
        ("cannot create already existing resource '/x'", Kind.FINAL),
        ("anything", Kind.FINAL),
    ],
)
def test_the_words_of_azure_native_are_understood(text: str, expected: Kind) -> None:
    """An `on_error` hook learns from the text of a failed create whether trying again may help."""
    assert kind_of_text(text) is expected


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (403, "AuthorizationFailed", "", True),
        (400, "ForbiddenByRbac", "", True),
        (400, "BadRequest", f"[ForbiddenByRbac (Forbidden)] {DENIED}", True),
        (400, "BadRequest", "odd", False),
        (404, "ResourceNotFound", "", False),
    ],
)
def test_what_may_not_be_read(status: int, code: str, text: str, expected: bool) -> None:
    """A key that needs a role on the vault's data is refused with 400, and means the same as 403."""
    assert is_forbidden(status, code, text) is expected
