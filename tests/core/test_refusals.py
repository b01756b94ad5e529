"""What a refusal of Azure means, by status, code and text."""

import pytest

from core.refusals import (
    RefusalKind,
    is_failed_operation,
    is_forbidden,
    kind,
    kind_of_text,
)
from tests.support.plugin_texts import ACCEPTED, FORMS, SAMPLES

INVALID = "KeyVaultProperties is invalid"
PARALLEL_WRITE = (
    "A conflict occurred that prevented the operation from completing. The operation failed because the Key "
    "Vault 'language-vault' changed from the point the operation began."
)
DENIED = "Caller is not authorized to perform action on resource."


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (0, "ServiceResponseError", "Connection aborted.", RefusalKind.TRANSIENT),
        (408, "RequestTimeout", "", RefusalKind.TRANSIENT),
        (500, "InternalServerError", "An error has occurred.", RefusalKind.TRANSIENT),
        (503, "ServiceUnavailable", "", RefusalKind.TRANSIENT),
        (429, "TooManyRequests", "", RefusalKind.THROTTLED),
        (409, "Conflict", "Another operation is in progress", RefusalKind.BUSY),
        (409, "AnotherOperationInProgress", "", RefusalKind.BUSY),
        (409, "ResourceGroupBeingDeleted", "is in deprovisioning state", RefusalKind.BUSY),
        (400, "AccountProvisioningStateInvalid", "Account /x in state Accepted.", RefusalKind.BUSY),
        (412, "PreconditionFailed", "etag", RefusalKind.BUSY),
        (200, "Forbidden", "Access denied to first party service.", RefusalKind.PROPAGATING),
        (403, "Forbidden", "", RefusalKind.PROPAGATING),
        (200, "AccessDenied", "", RefusalKind.PROPAGATING),
        (
            400,
            "BadRequest",
            "Not authorized to access Microsoft.KeyVault/managedHsm/keys/wrap/action on /keys/cmk",
            RefusalKind.PROPAGATING,
        ),
        (400, "BadRequest", INVALID, RefusalKind.PROPAGATING),
        (400, "AccessPolicyNotConfiguredForKeyVault", "", RefusalKind.PROPAGATING),
        (400, "KeyVaultAuthenticationFailure", "", RefusalKind.PROPAGATING),
        (400, "PrincipalNotFound", "Principal x does not exist in the directory y.", RefusalKind.PROPAGATING),
        (400, "BadRequest", "something else", RefusalKind.UNKNOWN),
        (422, "Unprocessable", "", RefusalKind.UNKNOWN),
        (200, "Failed", "The operation failed.", RefusalKind.UNKNOWN),
        (403, "DenyAssignmentAuthorizationFailed", "", RefusalKind.FINAL),
        (403, "LinkedAuthorizationFailed", "", RefusalKind.FINAL),
        (403, "RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy.", RefusalKind.FINAL),
        (403, "Forbidden", "Public network access is disabled", RefusalKind.FINAL),
        (400, "BadRequest", "The encryption key must be recoverable and not purgeable", RefusalKind.FINAL),
        (409, "FlagMustBeSetForRestore", "has been soft-deleted.", RefusalKind.FINAL),
        (400, "CustomDomainInUse", "The subdomain name 'x' is not available", RefusalKind.FINAL),
        (400, "ResourceKindRequireAcceptTerms", "", RefusalKind.FINAL),
        (400, "KeyNotFound", "A key with (name/id) cmk was not found in this key vault.", RefusalKind.FINAL),
        (
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state.",
            RefusalKind.FINAL,
        ),
        (409, "ConflictError", PARALLEL_WRITE, RefusalKind.BUSY),
        (404, "NotFound", "", RefusalKind.FINAL),
        (401, "InvalidAuthenticationToken", "", RefusalKind.FINAL),
    ],
)
def test_each_refusal_has_one_kind(status: int, code: str, text: str, expected: RefusalKind) -> None:
    """Only access, other changes and outages are waited for; words that nobody knows are told apart."""
    assert kind(status, code, text) is expected


def test_the_inner_code_counts() -> None:
    """A vault says why in `innererror`."""
    assert kind(403, "Forbidden", "", "ForbiddenByFirewall") is RefusalKind.FINAL
    assert kind(403, "Forbidden", "", "ForbiddenByPolicy") is RefusalKind.PROPAGATING


@pytest.mark.parametrize("form", [*FORMS, *ACCEPTED])
@pytest.mark.parametrize("what", SAMPLES)
def test_the_words_of_azure_native_are_understood(what: str, form: str) -> None:
    """In each form in which the plugin, the engine and the SDK give them: what a refusal means, and whether
    the resource is there all the same. A second create of that would lose it."""
    sample = SAMPLES[what]
    text = {**FORMS, **ACCEPTED}[form].format(sample.text)
    assert kind_of_text(text) is sample.kind
    assert is_failed_operation(text) is (form in ACCEPTED or sample.status == 200)


def test_words_without_a_status_are_judged_by_themselves() -> None:
    """Such as those of an operation that another client followed."""
    assert kind_of_text(f"operation failed: {INVALID}") is RefusalKind.PROPAGATING
    assert kind_of_text("anything") is RefusalKind.FINAL


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
