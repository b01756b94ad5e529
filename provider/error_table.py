"""Azure's answers that are known: one row each, with the cause and the fix. `errors` looks them up.

The rows are tried in order, the special before the general. Each names where its text comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core import arm_ids, key_uris, rights
from core.commands import in_subscription, log_in_anew
from core.refusals import KEY_REFUSED, NO_POLICY, NOT_TRUSTED, OPENING, OR_OPEN, POLICIES_ONLY, TO_POLICIES
from core.roles import (
    CRYPTO_OFFICER,
    CRYPTO_SERVICE_ENCRYPTION_USER,
    HSM_CRYPTO_SERVICE_ENCRYPTION_USER,
    HSM_CRYPTO_USER,
    HSM_POLICY_ADMINISTRATOR,
)

ROTATION_PERMISSIONS = "get list update rotate"
"""The key permissions of an access policy by which somebody can rotate a key (`rotation` asks for them)."""


@dataclass(frozen=True)
class ErrorContext:
    """What a call was about, for the commands in a fix; a field that is not known keeps its placeholder.

    `by_deployer`: what a vault refuses is refused to the deploying principal, not to the account.
    `deployer_id` is that principal's object id. `untried_rbac`: the vault is under Azure RBAC, and
    the account has used no key there yet.
    `role` is the name of the role that the account's identity is to get, if not the narrowest.
    """

    account_id: str = "ACCOUNT_ID"
    vault_id: str = "VAULT_ID"
    vault_name: str = "VAULT"
    key_name: str = "KEY"
    principal_id: str = "PRINCIPAL_ID"
    by_deployer: bool = False
    deployer_id: str = "YOUR_OBJECT_ID"
    untried_rbac: bool = False
    role: str = ""

    @classmethod
    def of_key(
        cls, key_id: str | None, principal_id: str | None = None, *, by_deployer: bool = False
    ) -> ErrorContext:
        """About a key and who is to use it, as far as they are known."""
        known = cls(by_deployer=by_deployer)
        if key_id:
            key = arm_ids.key_id(key_id)
            vault = key.parent
            known = replace(known, vault_id=vault.text, vault_name=vault.name, key_name=key.name)
        return replace(known, principal_id=principal_id) if principal_id else known

    @property
    def fields(self) -> Mapping[str, object]:
        """What the braces of a fix are filled with: each field, and commands that fit a vault or an HSM."""
        in_hsm = arm_ids.in_managed_hsm(self.vault_id)
        key = key_uris.cli_options(self.vault_name, self.key_name, in_managed_hsm=in_hsm)
        subscription = in_subscription(self.vault_id)
        policy = _GRANT_HSM_ROLE if in_hsm else _SET_POLICY
        update = f"update-hsm --hsm-name {self.vault_name}" if in_hsm else f"update --name {self.vault_name}"
        named = {
            **vars(self),
            "vault_role": self.role or CRYPTO_SERVICE_ENCRYPTION_USER.name,
            "hsm_role": self.role or HSM_CRYPTO_SERVICE_ENCRYPTION_USER.name,
        }
        return {
            **named,
            "key_options": key,
            "grant": policy.format(**named, subscription=subscription),
            "subscription": subscription,
            "update_vault": f"az keyvault {update}",
        }


@dataclass(frozen=True)
class ErrorRow:
    """A known answer: `pattern` is searched for in `code inner_code text`, without regard to case. `fix` has
    the fields of the context, and the groups of the pattern, in braces."""

    pattern: str
    cause: str
    fix: str
    source: str
    statuses: tuple[int, ...] = ()


_GRANT_ROLE = (
    'az role assignment create --role "{vault_role}" --assignee-object-id {principal_id} '
    "--assignee-principal-type ServicePrincipal --scope {vault_id}/keys/{key_name}"
)
_SET_POLICY = (
    "az keyvault set-policy --name {vault_name} --object-id {principal_id} --key-permissions "
    f"{' '.join(rights.NEEDED)}{{subscription}}"
)


def hsm_grant(hsm_name: str, role: str, principal_id: str, scope: str) -> str:
    """The command that gives a role in a managed HSM."""
    return (
        f'az keyvault role assignment create --hsm-name {hsm_name} --role "{role}" --assignee-object-id '
        f"{principal_id} --scope {scope}"
    )


_KEY_SCOPE = "/keys/{key_name}"
_GRANT_HSM_ROLE = hsm_grant("{vault_name}", "{hsm_role}", "{principal_id}", _KEY_SCOPE)
_HSM_DENIAL = r"AccessDenied|Not authorized to access Microsoft\.KeyVault/managedHsm/"
_MAKE_OFFICER = (
    f'az role assignment create --role "{CRYPTO_OFFICER.name}" --assignee {{deployer_id}} '
    "--scope {vault_id}"
)
_SET_ROTATION_POLICY = (
    "az keyvault set-policy --name {vault_name} --object-id {deployer_id} --key-permissions "
    f"{ROTATION_PERMISSIONS}{{subscription}}"
)
_ALLOW_ADDRESS = "az keyvault network-rule add --name {vault_name} --ip-address {address}{subscription}"

_KEY_THROUGH_ARM = ErrorRow(
    r"ForbiddenByRbac.*name=KeyVault/ManagementPlane",
    "in a vault under Azure RBAC, the deploying principal needs a role on the vault's data even to read "
    "a key through Resource Manager",
    _MAKE_OFFICER,
    "pulumi/pulumi-azure-native#890, Azure/bicep#6539",
)

_SERVICE: tuple[ErrorRow, ...] = (
    _KEY_THROUGH_ARM,
    ErrorRow(
        r"encryption key must be recoverable and not purgeable",
        "the vault lacks soft delete or purge protection",
        "{update_vault} --enable-purge-protection true{subscription}",
        "microsoft-foundry/foundry-samples 32-customer-managed-keys README",
    ),
    ErrorRow(
        KEY_REFUSED,
        "the service cannot use the key: the vault, the key or its version is misspelt, the vault's network "
        "keeps the service out, or the identity has no access yet",
        "compare with `az keyvault key list-versions {key_options}`, check the access of the identity and, "
        "where the vault is closed, who passes its firewall (docs/troubleshooting.md)",
        "microsoft-foundry/foundry-samples 32-customer-managed-keys README",
    ),
    ErrorRow(
        r"AccessPolicyNotConfiguredForKeyVault|KeyVaultAuthenticationFailure",
        "the account's identity may not use the key, or its access does not count everywhere yet",
        "{grant}",
        "public reports of transient failures in deployments of Azure AI services",
    ),
    ErrorRow(
        _HSM_DENIAL,
        "the account's identity has no role of the managed HSM on the key, or it does not count yet",
        _GRANT_HSM_ROLE,
        "Azure/azure-cli#32719",
    ),
    ErrorRow(
        r"ForbiddenByRbac|Assignment: \(not found\)",
        "the account's identity has no role on the key, or the assignment has not propagated",
        _GRANT_ROLE,
        "hashicorp/terraform-provider-azurerm#27817",
    ),
    ErrorRow(
        r"does not have keys \w+ permission|ForbiddenByPolicy",
        "no access policy of the vault gives the account's identity the key, or it has not propagated",
        _SET_POLICY,
        "dotnet/AspNetCore.Docs#23035",
    ),
    ErrorRow(
        r"Client address is not authorized.*?Client address: (?P<address>[\d.]+)",
        NOT_TRUSTED,
        f"list {{address}}, from which the service called, in network.allowedIpRanges{OR_OPEN}; "
        f"in a vault that is not made here, run `{_ALLOW_ADDRESS}`",
        "Key Vault 403 answers",
    ),
    ErrorRow(
        r"Public network access is disabled and request is not from a trusted service|ForbiddenByConnection"
        r"|ForbiddenByFirewall|Client address is not authorized",
        NOT_TRUSTED,
        f"list the service's addresses in network.allowedIpRanges{OR_OPEN}; for a vault "
        "that is not made here, run "
        f"`{{update_vault}} {OPENING}{{subscription}}`",
        "Key Vault 403 answers",
    ),
    ErrorRow(
        r"AccountProvisioningStateInvalid|in state Accepted",
        "the account is still busy with another change",
        "wait until it is Succeeded: az resource show --ids {account_id} "
        "--query properties.provisioningState",
        "DefangLabs/pulumi-defang#274",
    ),
    ErrorRow(
        r"ScopeLocked",
        "a read-only lock on the account, or above it, forbids changes",
        "find it (az lock list), take it away for the update (az lock delete --ids LOCK_ID) and set it again",
        "public reports of ARM's answer",
    ),
    ErrorRow(
        r"ReadOnlyDisabledSubscription",
        "the subscription is disabled, so nothing in it can be changed",
        "have the subscription re-enabled by its owner, in the portal's Subscriptions",
        "public reports of ARM's answer",
    ),
    ErrorRow(
        r"RequestDisallowedByPolicy",
        "an Azure Policy of the subscription denies this",
        "read the policy's name in the answer; where it wants a customer-managed key from the first "
        "moment, bind "
        "a user-assigned identity in the create (mode user-assigned)",
        "hashicorp/terraform-provider-azurerm#26265",
    ),
    ErrorRow(
        r"does not have authorization to perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'",
        "the deploying principal lacks a right in Azure Resource Manager",
        "have {action} granted at {scope}",
        "recorded traffic",
    ),
    ErrorRow(
        r"MissingSubscriptionRegistration.*?namespace '(?P<namespace>[^']+)'",
        "the subscription has never used this resource provider",
        "az provider register --namespace {namespace} --wait",
        "recorded traffic",
    ),
    ErrorRow(
        r"not allowed on a disabled key|KeyDisabled",
        "the key version is disabled",
        "az keyvault key set-attributes {key_options} --enabled true",
        "texts of other people's fakes; never recorded",
    ),
    ErrorRow(
        r"KeyNotFound|Key not found: ",
        "the vault has no such key",
        "az keyvault key list-versions {key_options}; a deleted key comes back with "
        "az keyvault key recover {key_options}",
        "recorded traffic",
    ),
    ErrorRow(
        r"ResourceGroupNotFound",
        "the resource group does not exist in this subscription",
        "az group show --name GROUP --subscription SUBSCRIPTION",
        "recorded traffic",
    ),
    ErrorRow(
        r"ResourceNotFound",
        "the resource does not exist",
        "az resource show --ids {account_id}",
        "recorded traffic",
    ),
    ErrorRow(
        r"SubscriptionNotFound|InvalidSubscriptionId",
        "the login cannot see this subscription",
        "az account list --output table",
        "Azure Resource Manager error codes",
    ),
)
"""What ARM, the service or a vault answers about the account and its identity."""

_LOGIN: tuple[ErrorRow, ...] = (
    ErrorRow(
        r"AADSTS7000215",
        "the client secret is wrong",
        "set clientSecret (ARM_CLIENT_SECRET) to the secret's value, not its id; "
        + log_in_anew("AADSTS7000215"),
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"AADSTS7000222",
        "the client secret has expired",
        "make a new one: az ad app credential reset --id CLIENT_ID, and set ARM_CLIENT_SECRET",
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"AADSTS700016",
        "the tenant knows no application with this client id",
        "compare ARM_CLIENT_ID and ARM_TENANT_ID with `az ad app show --id CLIENT_ID`",
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"AADSTS700024",
        "the OIDC token has expired; it is exchanged again whenever a token of Azure runs out",
        "set oidcTokenFilePath to a file that is kept fresh, or oidcRequestUrl and oidcRequestToken, instead "
        "of oidcToken",
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"AADSTS90002",
        "there is no such tenant",
        "compare ARM_TENANT_ID with `az account show --query tenantId`",
        "Microsoft Entra error codes",
    ),
    ErrorRow(
        r"InvalidAuthenticationTokenTenant",
        "the login is for another tenant than the subscription's",
        "set ARM_TENANT_ID to the subscription's tenant (az account show --query tenantId)",
        "Azure Resource Manager error codes",
    ),
    ErrorRow(
        r"",
        "Azure does not accept the login",
        "log in again (az login), or check ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID",
        "Azure Resource Manager error codes",
        statuses=(401,),
    ),
)
"""Refusals of the login."""

_DEPLOYER: tuple[ErrorRow, ...] = (
    ErrorRow(
        r"Not authorized to access Microsoft\.KeyVault/managedHsm/role",
        "the deploying principal may not manage the roles of the managed HSM at this key",
        hsm_grant("{vault_name}", HSM_POLICY_ADMINISTRATOR.name, "{deployer_id}", _KEY_SCOPE),
        "Azure/azure-cli#32719",
    ),
    ErrorRow(
        _HSM_DENIAL,
        "the deploying principal has no role of the managed HSM that lets it do this with the key",
        hsm_grant("{vault_name}", HSM_CRYPTO_USER.name, "{deployer_id}", _KEY_SCOPE),
        "Azure/azure-cli#32719",
    ),
    ErrorRow(
        r"ForbiddenByRbac|Assignment: \(not found\)",
        "the deploying principal may not use the key on the vault's data plane",
        _MAKE_OFFICER,
        "public capture of a Key Vault RBAC denial",
    ),
    ErrorRow(
        r"does not have keys \w+ permission|ForbiddenByPolicy",
        "the deploying principal may not use the key on the vault's data plane",
        _SET_ROTATION_POLICY,
        "dotnet/AspNetCore.Docs#23035",
    ),
    ErrorRow(
        r"Public network access is disabled|ForbiddenByConnection|ForbiddenByFirewall"
        r"|Client address is not authorized",
        "the vault's network does not let this machine in, and a key is rotated on the vault's data plane",
        "run the update inside the vault's network: on a runner behind its private endpoint, or at an "
        "address that network.allowedIpRanges lists; or leave generation as it was and let the vault's "
        "rotation policy make the version (key.rotatesAfterDays), which reaches the key from inside",
        "Key Vault 403 answers",
    ),
)
"""What a vault refuses to the deploying principal, which rotates keys on the vault's data plane itself. Tried
before the others, which take the same texts as being about the account's identity."""

_UNDER_RBAC = (
    ErrorRow(
        f"{NO_POLICY}|{KEY_REFUSED}",
        POLICIES_ONLY,
        TO_POLICIES,
        "learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal",
    ),
)
"""What the service says of access policies, though the key's vault is under Azure RBAC."""

ROWS = (*_SERVICE, *_LOGIN)
RBAC_ROWS = (*_UNDER_RBAC, *ROWS)
DEPLOYER_ROWS = (_KEY_THROUGH_ARM, *_DEPLOYER, *ROWS)
