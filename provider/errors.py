"""Azure's answers in the user's words: cause, fix, and the service's own words, with its code and trace.

Has one row for each answer whose own text does not say the cause or the way out. Any other answer passes
through whole (docs/troubleshooting.md explains more of them). The rows are tried in order, the special before
the general. Each names where its text comes from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core import arm_ids, key_uris, kinds, rights
from core.commands import in_subscription, log_in_anew, set_policy
from core.refusals import KEY_REFUSED, NO_POLICY, NOT_TRUSTED, OPENING, OR_OPEN, POLICIES_ONLY, TO_POLICIES
from core.roles import (
    CRYPTO_OFFICER,
    CRYPTO_SERVICE_ENCRYPTION_USER,
    HSM_CRYPTO_SERVICE_ENCRYPTION_USER,
    HSM_CRYPTO_USER,
    HSM_POLICY_ADMINISTRATOR,
)
from provider.failure import NOT_SENT, ServiceError


def grant_command(
    vault_id: str, vault_name: str, key_name: str, principal_id: str, *, by_role: bool, role: str = ""
) -> str:
    """The command that gives an identity the access that the service needs to a key: a role in a managed HSM,
    and in a vault `by_role`; otherwise an access policy. The role is the narrowest unless `role` names
    one."""
    if arm_ids.in_managed_hsm(vault_id):
        name = role or HSM_CRYPTO_SERVICE_ENCRYPTION_USER.name
        return hsm_grant(vault_name, name, principal_id, f"/keys/{key_name}")
    if by_role:
        return (
            f'az role assignment create --role "{role or CRYPTO_SERVICE_ENCRYPTION_USER.name}" '
            f"--assignee-object-id {principal_id} --assignee-principal-type ServicePrincipal "
            f"--scope {vault_id}/keys/{key_name}"
        )
    named = vault_id if "/" in vault_id else vault_name
    return set_policy(named, principal_id, rights.NEEDED)


def hsm_grant(hsm_name: str, role: str, principal_id: str, scope: str) -> str:
    """The command that gives a role in a managed HSM."""
    return (
        f'az keyvault role assignment create --hsm-name {hsm_name} --role "{role}" --assignee-object-id '
        f"{principal_id} --scope {scope}"
    )


@dataclass(frozen=True)
class ErrorContext:
    """The names that a call was about, for the commands in a fix; an unknown field keeps its placeholder.

    `by_deployer`: a vault's refusal concerns the deploying principal, not the account. `deployer_id` is that
    principal's object id. `untried_rbac`: the vault is under Azure RBAC, and the account has used no key
    there yet. `kind` is the account's: the page about it names the role that its identity is to get.
    """

    vault_id: str = "VAULT_ID"
    vault_name: str = "VAULT"
    key_name: str = "KEY"
    principal_id: str = "PRINCIPAL_ID"
    by_deployer: bool = False
    deployer_id: str = "YOUR_OBJECT_ID"
    untried_rbac: bool = False
    kind: str = ""

    @classmethod
    def of_key(
        cls, key_id: str | None, principal_id: str | None = None, *, by_deployer: bool = False
    ) -> ErrorContext:
        """The names of a key and of the identity that is to use it, as far as they are known."""
        known = cls(principal_id=principal_id or cls.principal_id, by_deployer=by_deployer)
        if not key_id:
            return known
        key = arm_ids.key_id(key_id)
        return replace(known, vault_id=key.parent.text, vault_name=key.parent.name, key_name=key.name)

    @property
    def fields(self) -> Mapping[str, object]:
        """The values for the braces of a fix: each field, and commands that fit a vault or an HSM."""
        in_hsm = arm_ids.in_managed_hsm(self.vault_id)
        place = (self.vault_id, self.vault_name, self.key_name, self.principal_id)
        role = kinds.role_by_page(self.kind, self.vault_id).name
        update = f"update-hsm --hsm-name {self.vault_name}" if in_hsm else f"update --name {self.vault_name}"
        return {
            **vars(self),
            "key_options": key_uris.cli_options(self.vault_name, self.key_name, in_managed_hsm=in_hsm),
            "grant": grant_command(*place, by_role=False, role=role),
            "grant_role": grant_command(*place, by_role=True, role=role),
            "subscription": in_subscription(self.vault_id),
            "update_vault": f"az keyvault {update}",
        }


@dataclass(frozen=True)
class ErrorRow:
    """A known answer: `pattern` is searched for in `status code inner_code text`, without regard to case.
    `fix` has the fields of the context in braces."""

    pattern: str
    cause: str
    fix: str
    source: str


_HSM_DENIAL = r"AccessDenied|Not authorized to access Microsoft\.KeyVault/managedHsm/"
_FIREWALL = (
    r"Public network access is disabled|ForbiddenByConnection|ForbiddenByFirewall"
    r"|Client address is not authorized"
)
_KEYS = "/keys/{key_name}"
_MAKE_OFFICER = (
    f'az role assignment create --role "{CRYPTO_OFFICER.name}" --assignee {{deployer_id}} '
    "--scope {vault_id}"
)
_KEY_THROUGH_ARM = ErrorRow(
    r"ForbiddenByRbac.*name=KeyVault/ManagementPlane",
    "in a vault under Azure RBAC, the deploying principal needs a role on the vault's data even to read "
    "a key through Resource Manager",
    f"run `{_MAKE_OFFICER}`, or set vault.keyOperators: [deployer] of a service, which gives it before the "
    "key is made",
    "pulumi/pulumi-azure-native#890, Azure/bicep#6539",
)

_SERVICE: tuple[ErrorRow, ...] = (
    _KEY_THROUGH_ARM,
    ErrorRow(
        KEY_REFUSED,
        "the service cannot use the key: the vault, the key or its version is misspelt, the vault's network "
        "keeps the service out, or the identity has no access yet",
        "compare with `az keyvault key list-versions {key_options}`, check the access of the identity and, "
        "where the vault is closed, who passes its firewall (docs/troubleshooting.md)",
        "microsoft-foundry/foundry-samples 32-customer-managed-keys README",
    ),
    ErrorRow(
        NO_POLICY,
        "no access policy of the vault gives the account's identity the key, or its access does not count "
        "everywhere yet",
        "run `{grant}`",
        "public reports of transient failures; dotnet/AspNetCore.Docs#23035",
    ),
    ErrorRow(
        _HSM_DENIAL,
        "the account's identity has no role of the managed HSM on the key, or the role does not count yet",
        "run `{grant}`",
        "Azure/azure-cli#32719",
    ),
    ErrorRow(
        r"ForbiddenByRbac|Assignment: \(not found\)",
        "the account's identity has no role on the key, or the assignment has not propagated",
        "run `{grant_role}`",
        "hashicorp/terraform-provider-azurerm#27817",
    ),
    ErrorRow(
        _FIREWALL,
        NOT_TRUSTED,
        f"list the service's addresses in network.allowedIpRanges{OR_OPEN}; for a vault that is not made "
        f"here, run `{{update_vault}} {OPENING}{{subscription}}`",
        "Key Vault 403 answers",
    ),
)
"""Answers of ARM, the service or a vault about the account and its identity."""

_LOGIN: tuple[ErrorRow, ...] = (
    ErrorRow(
        r"AADSTS700024",
        "the OIDC token has expired",
        "set oidcTokenFilePath to a file that is kept fresh, or oidcRequestUrl and oidcRequestToken",
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"AADSTS7000215",
        "the client secret is wrong",
        "set clientSecret (ARM_CLIENT_SECRET) to the secret's value, not its id; "
        + log_in_anew("AADSTS7000215"),
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"^401 ",
        "Azure does not accept the login",
        "log in again (`az login`), or check ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID",
        "Azure Resource Manager error codes",
    ),
)
"""Refusals of the login."""

_DEPLOYER: tuple[ErrorRow, ...] = (
    ErrorRow(
        r"Not authorized to access Microsoft\.KeyVault/managedHsm/role",
        "the deploying principal may not manage the roles of the managed HSM at this key",
        f"run `{hsm_grant('{vault_name}', HSM_POLICY_ADMINISTRATOR.name, '{deployer_id}', _KEYS)}`",
        "Azure/azure-cli#32719",
    ),
    ErrorRow(
        _HSM_DENIAL,
        "the deploying principal has no role of the managed HSM that lets it do this with the key",
        f"run `{hsm_grant('{vault_name}', HSM_CRYPTO_USER.name, '{deployer_id}', _KEYS)}`",
        "Azure/azure-cli#32719",
    ),
    ErrorRow(
        r"ForbiddenByRbac|Assignment: \(not found\)",
        "the deploying principal may not use the key on the vault's data plane",
        f"run `{_MAKE_OFFICER}`",
        "public capture of a Key Vault RBAC denial",
    ),
    ErrorRow(
        r"does not have keys \w+ permission|ForbiddenByPolicy",
        "the deploying principal may not use the key on the vault's data plane",
        "run `az keyvault set-policy --name {vault_name} --object-id {deployer_id} --key-permissions get "
        "list rotate{subscription}`",
        "dotnet/AspNetCore.Docs#23035",
    ),
    ErrorRow(
        _FIREWALL,
        "the vault's network does not let this machine in, and a key is rotated on the vault's data plane",
        "run the update inside the vault's network: on a runner behind its private endpoint, or at an "
        "address that network.allowedIpRanges lists; or leave generation as it was and let the vault's "
        "rotation policy make the version (key.rotatesAfterDays), which reaches the key from inside",
        "Key Vault 403 answers",
    ),
)
"""Refusals of a vault that concern the deploying principal, which itself rotates keys on the vault's data
plane. Tried before the other rows, for which the same texts concern the account's identity."""

_UNDER_RBAC = (
    ErrorRow(
        f"{NO_POLICY}|{KEY_REFUSED}",
        POLICIES_ONLY,
        TO_POLICIES,
        "learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal",
    ),
)
"""Answers about access policies that the service gives although the key's vault is under Azure RBAC."""

ROWS = (*_SERVICE, *_LOGIN)
RBAC_ROWS = (*_UNDER_RBAC, *ROWS)
DEPLOYER_ROWS = (_KEY_THROUGH_ARM, *_DEPLOYER, *ROWS)


def translate(failure: ServiceError, context: ErrorContext = ErrorContext()) -> str:
    """The failure for a person: cause, fix, then the service's answer with its code and correlation id."""
    of_account = RBAC_ROWS if context.untried_rbac else ROWS
    row = _row(failure, DEPLOYER_ROWS if context.by_deployer else of_account)
    if row is None:
        return service_message(failure)
    return f"{row.cause}\n  fix: {row.fix.format(**context.fields)}\n  {service_message(failure)}"


def service_message(failure: ServiceError) -> str:
    """The service's own answer, whole."""
    doing = f"{failure.doing}: " if failure.doing else ""
    if failure.status == NOT_SENT:
        return f"{doing}not sent: {failure.text}"
    if not failure.status:
        return f"{doing}no answer ({failure.code}: {failure.text})"
    inner = f" ({failure.inner_code})" if failure.inner_code else ""
    trace = f" [correlation id {failure.correlation_id}]" if failure.correlation_id else ""
    return f"{doing}Azure answered {failure.status} {failure.code}{inner}: {failure.text}{trace}"


def _row(failure: ServiceError, rows: tuple[ErrorRow, ...]) -> ErrorRow | None:
    said = f"{failure.status} {failure.code} {failure.inner_code} {failure.text}"
    found = (row for row in rows if re.search(row.pattern, said, re.IGNORECASE | re.DOTALL))
    return next(found, None)
