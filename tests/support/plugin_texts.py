"""Every form in which azure-native, Pulumi's engine and its SDK give a refusal of Azure, with samples.

Sources: pulumi-azure-native, provider/pkg/azure/client_azcore.go, azure/azure.go, provider/provider.go and
provider/crud/crud.go; azcore 1.22 and azidentity 1.14 of Azure's SDK for Go; pulumi/pulumi 3.259,
resource/plugin/provider_plugin.go (InitError) and resource/deploy/source_eval.go (Invoke). Read on
2026-12-02.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.refusals import RefusalKind

ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/a"
URL = f"https://management.azure.com{ACCOUNT}"
LINE = "-" * 80
NO_ACCESS = "The managed identity is forbidden by the key vault to wrap & unwrap with the encryption key."
GONE = "The Resource was not found."


@dataclass(frozen=True)
class Sample:
    """The `text` of a refusal without the words before it, what it means, and the answer that azure-native's
    client makes it of: status, body and headers; without a body where it is not made of an answer."""

    text: str
    kind: RefusalKind
    status: int = 0
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def plugins(status: int, code: str, message: str) -> str:
    """The plugin's own form."""
    return f'Status={status} Code="{code}" Message="{message}"'


def json_error(code: str, message: str) -> str:
    """Azure's error, as its answers have it."""
    return f'{{"error":{{"code":"{code}","message":"{message}"}}}}'


def azcores(status: str, code: str, shown: str) -> str:
    """The form of azcore; `status` with its phrase, `shown` as the body is shown."""
    said = f"ERROR CODE: {code}" if code else "ERROR CODE UNAVAILABLE"
    return f"PUT {URL}\n{LINE}\nRESPONSE {status[:3]}: {status}\n{said}\n{LINE}\n{shown}\n{LINE}\n"


def _answered(status: int, code: str, message: str, kind: RefusalKind) -> Sample:
    return Sample(
        plugins(status, code, message),
        kind,
        status,
        json_error(code, message),
    )


SAMPLES: Mapping[str, Sample] = {
    "a refusal": _answered(400, "BadRequest", "odd", RefusalKind.UNKNOWN),
    "no access yet": _answered(
        400, "AccessPolicyNotConfiguredForKeyVault", NO_ACCESS, RefusalKind.PROPAGATING
    ),
    "a key that is refused": _answered(
        400, "BadRequest", "KeyVaultProperties is invalid", RefusalKind.PROPAGATING
    ),
    "a vault's denial": _answered(403, "Forbidden", "denied", RefusalKind.PROPAGATING),
    "a missing right": _answered(403, "AuthorizationFailed", "x", RefusalKind.FINAL),
    "absence": _answered(404, "ResourceNotFound", GONE, RefusalKind.FINAL),
    "another write": _answered(409, "AccountProvisioningStateInvalid", "in state Accepted", RefusalKind.BUSY),
    "a lock": _answered(409, "ScopeLocked", "The scope is locked.", RefusalKind.FINAL),
    "a name that is held": _answered(409, "FlagMustBeSetForRestore", "x", RefusalKind.FINAL),
    "a role that exists": _answered(409, "RoleAssignmentExists", "x", RefusalKind.FINAL),
    "a fault": _answered(503, "ServiceUnavailable", "x", RefusalKind.TRANSIENT),
    "an operation that failed": Sample(
        plugins(200, "AccessPolicyNotConfiguredForKeyVault", NO_ACCESS),
        RefusalKind.PROPAGATING,
        200,
        '{"status":"Failed",' + json_error("AccessPolicyNotConfiguredForKeyVault", NO_ACCESS)[1:],
    ),
    "an operation that failed without a word": Sample(
        'Status=200 Message="{"status":"Failed"}"', RefusalKind.UNKNOWN, 200, '{"status":"Failed"}'
    ),
    "an error that is not in `error`": Sample(
        'Status=403 Code="Forbidden" Message="{"code":"Forbidden","message":"denied"}"',
        RefusalKind.PROPAGATING,
        403,
        '{"code":"Forbidden","message":"denied"}',
    ),
    "a body without a code": Sample(
        'Status=409 Message="{"reason":"busy"}"', RefusalKind.BUSY, 409, '{"reason":"busy"}'
    ),
    "a code in the header": Sample(
        plugins(403, "AuthorizationFailed", "x"),
        RefusalKind.FINAL,
        403,
        json_error("Denied", "x"),
        {"x-ms-error-code": "AuthorizationFailed"},
    ),
    "a page of a proxy": Sample(
        azcores("502 Bad Gateway", "", "<html>no</html>"), RefusalKind.TRANSIENT, 502, "<html>no</html>"
    ),
    "no body": Sample(
        azcores("403 Forbidden", "", "Response contained no body"),
        RefusalKind.PROPAGATING,
        403,
        "",
    ),
    "of another client of the SDK": Sample(
        azcores(
            "403 Forbidden",
            "AuthorizationFailed",
            '{\n  "error": {\n    "code": "AuthorizationFailed",\n    "message": "x"\n  }\n}',
        ),
        RefusalKind.FINAL,
    ),
    "a login": Sample(
        "ClientSecretCredential authentication failed. \nPOST https://login.microsoftonline.com/t/oauth2/v2.0/token\n"
        f'{LINE}\nRESPONSE 401: 401 Unauthorized\n{LINE}\n{{\n  "error": "invalid_client"\n}}\n{LINE}\n'
        "To troubleshoot, visit https://aka.ms/azsdk/go/identity/troubleshoot#client-secret",
        RefusalKind.FINAL,
    ),
    "a resource that is there": Sample(
        f"cannot create already existing resource '{ACCOUNT}'", RefusalKind.FINAL
    ),
    "a policy that is there": Sample(
        f'cannot create already existing resource "{ACCOUNT}"', RefusalKind.FINAL
    ),
    "existence that may not be asked about": Sample(
        f"cannot check existence of resource '{ACCOUNT}': status code 403, "
        + json_error("AuthorizationFailed", "x"),
        RefusalKind.FINAL,
    ),
    "existence that a vault does not tell": Sample(
        f"cannot check existence of resource '{ACCOUNT}': status code 400, "
        + json_error("ForbiddenByRbac", "Caller is not authorized to perform action on resource."),
        RefusalKind.PROPAGATING,
    ),
    "an answer that is no JSON": Sample(
        "unexpected response from Azure: '<html>404</html>', HTTP status: 200 OK", RefusalKind.FINAL
    ),
    "of azure-cmk": Sample(
        "reading the vault: Azure answered 403 AuthorizationFailed: x [correlation id 0404]",
        RefusalKind.FINAL,
    ),
    "ids with digits": Sample("odd: /subscriptions/40440440-1c58-4f6a-8e37-94a0c5d6b404", RefusalKind.FINAL),
    "too long": Sample("operation timed out", RefusalKind.FINAL),
    "no connection": Sample(f'Put "{URL}?api-version=2025-06-01": EOF', RefusalKind.FINAL),
}
FORMS: Mapping[str, str] = {
    "of a write": "{}",
    "of a read before an update": "failed maintaining unset sub-resource properties: reading cloud state: {}",
    "of a function": "invocation of azure-native:cognitiveservices:getAccount returned an error: "
    f"request failed {ACCOUNT}: {{}}",
}
"""What the plugin and the engine put before a refusal of something that was not accepted."""
ACCEPTED: Mapping[str, str] = {
    "of an accepted write": "1 error occurred:\n\t* {}\n\n",
    "of an accepted write, unread": "1 error occurred:\n\t* resource created but read failed "
    + plugins(404, "ResourceNotFound", GONE)
    + ": {}\n\n",
}
"""How the engine words the failure of a write that Azure accepted: the resource is there, or was."""
