"""Texts about vaults, keys and the access to them, with what they are taken for and what is made of them."""

from __future__ import annotations

from core.refusals import RefusalKind

# ruff: noqa: ISC004 - long texts of the service are one item each

Case = tuple[int, str, str, str, RefusalKind, str, str]
"""Status, code, inner code, text; then the kind of refusal, a part of the cause, a part of the fix."""

RBAC_DENIAL = (
    "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
    "assignments or role "
    "definitions were changed recently, please observe propagation time.\r\nCaller: appid=x;oid=y\r\n"
    "Action: 'Microsoft.KeyVault/vaults/keys/{action}'\r\nResource: '/x'\r\nAssignment: (not found)\r\n"
    "DecisionReason: null \r\nVault: contoso-keys;location=westeurope\r\n"
)

HSM_DENIAL = "Not authorized to access Microsoft.KeyVault/managedHsm/{action} on /keys/k (Activity ID: a)"

CASES: tuple[Case, ...] = (
    (
        403,
        "AccessDenied",
        "",
        HSM_DENIAL.replace("{action}", "keys/wrap/action"),
        RefusalKind.PROPAGATING,
        "no role of the managed HSM on the key",
        '--role "Managed HSM Crypto Service Encryption User" --assignee-object-id PRINCIPAL --scope /keys/',
    ),
    (
        400,
        "ForbiddenByRbac",
        "",
        "[ForbiddenByRbac (Forbidden)] Caller is not authorized to perform action on resource.\r\nCaller: "
        "name=KeyVault/ManagementPlane;appid=x;oid=y\r\nAssignment: (not found)",
        RefusalKind.PROPAGATING,
        "even to read a key through Resource Manager",
        '--role "Key Vault Crypto Officer" --assignee YOUR_OBJECT_ID --scope VAULT-ID',
    ),
    (
        400,
        "AccessPolicyNotConfiguredForKeyVault",
        "",
        "The access policy is not configured.",
        RefusalKind.PROPAGATING,
        "its access does not count everywhere yet",
        "az keyvault set-policy --name contoso-keys --object-id PRINCIPAL",
    ),
    (
        400,
        "BadRequest",
        "",
        "The encryption key must be recoverable and not purgeable",
        RefusalKind.FINAL,
        "purge protection",
        "az keyvault update --name contoso-keys --enable-purge-protection true",
    ),
    (
        400,
        "BadRequest",
        "",
        "KeyVaultProperties is invalid",
        RefusalKind.PROPAGATING,
        "cannot use the key",
        "list-versions --vault-name contoso-keys --name language-key",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByRbac",
        RBAC_DENIAL.replace("{action}", "read"),
        RefusalKind.PROPAGATING,
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
        RefusalKind.PROPAGATING,
        "no access policy",
        "az keyvault set-policy --name contoso-keys --object-id PRINCIPAL",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByConnection",
        "Public network access is disabled and request is not from a trusted service nor via an "
        "approved private link.",
        RefusalKind.FINAL,
        "network does not let the service in",
        "set network.access: open; for a vault that is not made here, run `az keyvault update --name "
        "contoso-keys --default-action Allow --public-network-access Enabled",
    ),
    (
        403,
        "Forbidden",
        "",
        "Client address is not authorized and caller is not a trusted service.\r\n"
        "Client address: 20.1.2.3\r\n",
        RefusalKind.FINAL,
        "its list names no Azure AI services",
        "az keyvault network-rule add --name contoso-keys --ip-address 20.1.2.3",
    ),
    (
        403,
        "Forbidden",
        "KeyDisabled",
        "Operation wrapKey is not allowed on a disabled key.",
        RefusalKind.FINAL,
        "version is disabled",
        "--enabled true",
    ),
    (
        404,
        "KeyNotFound",
        "",
        "Key not found: language-key",
        RefusalKind.FINAL,
        "no such key",
        "az keyvault key recover",
    ),
)


DEPLOYER_CASES: tuple[Case, ...] = (
    (
        403,
        "AccessDenied",
        "roleAssignments",
        HSM_DENIAL.replace("{action}", "roleAssignments/write/action"),
        RefusalKind.PROPAGATING,
        "may not manage the roles of the managed HSM at this key",
        '--role "Managed HSM Policy Administrator" --assignee-object-id YOUR_OBJECT_ID --scope /keys/',
    ),
    (
        403,
        "AccessDenied",
        "keys",
        HSM_DENIAL.replace("{action}", "keys/rotate/action"),
        RefusalKind.PROPAGATING,
        "no role of the managed HSM that lets it do this",
        '--role "Managed HSM Crypto User" --assignee-object-id YOUR_OBJECT_ID --scope /keys/',
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByRbac",
        RBAC_DENIAL.replace("{action}", "read"),
        RefusalKind.PROPAGATING,
        "the deploying principal may not use the key",
        '--role "Key Vault Crypto Officer" --assignee YOUR_OBJECT_ID --scope VAULT-ID',
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByPolicy",
        "The user, group or application 'appid=x' does not have keys get permission on key vault "
        "'contoso-keys'.",
        RefusalKind.PROPAGATING,
        "the deploying principal may not use the key",
        "--name contoso-keys --object-id YOUR_OBJECT_ID",
    ),
    (
        403,
        "Forbidden",
        "ForbiddenByConnection",
        "Public network access is disabled and request is not from a trusted service nor via an "
        "approved private link.",
        RefusalKind.FINAL,
        "does not let this machine in",
        "on a runner behind its private endpoint",
    ),
)
"""Texts with which a vault refuses the deploying principal, who rotates, and not the account's identity."""
