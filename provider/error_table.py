"""Azure's answers that are known: one row each, with the cause and the fix. `errors` looks them up.

The rows are tried in order, the special before the general. Each names where its text comes from.
"""

from __future__ import annotations

import re

from provider.error_row import About, Row
from provider.grants import ENCRYPTION_USER
from provider.login_errors import LOGIN_ROWS


def _grant_role(about: About, _: re.Match[str]) -> str:
    return (
        f'az role assignment create --role "{ENCRYPTION_USER}" --assignee-object-id {about.principal_id} '
        f"--assignee-principal-type ServicePrincipal --scope {about.vault_id}/keys/{about.key_name}"
    )


def _set_policy(about: About, _: re.Match[str]) -> str:
    return (
        f"az keyvault set-policy --name {about.vault_name} --object-id {about.principal_id} "
        "--key-permissions get wrapKey unwrapKey"
    )


ROWS: tuple[Row, ...] = (
    Row(
        r"encryption key must be recoverable and not purgeable",
        "the vault lacks soft delete or purge protection",
        lambda about, _: f"az keyvault update --name {about.vault_name} --enable-purge-protection true",
        "microsoft-foundry/foundry-samples 32-customer-managed-keys README",
    ),
    Row(
        r"KeyVaultProperties is invalid",
        "the service cannot use the key: the vault, the key or its version is misspelt, the vault's network "
        "keeps trusted services out, or the identity has no access yet",
        lambda about, _: (
            f"compare with `az keyvault key list-versions --vault-name {about.vault_name} --name "
            f"{about.key_name}`"
            " and check the access of the identity"
        ),
        "microsoft-foundry/foundry-samples 32-customer-managed-keys README",
    ),
    Row(
        r"Action: 'Microsoft\.KeyVault/vaults/keys/(?P<action>rotate/action|write|update/action)",
        "the deploying principal may not change the key on the vault's data plane",
        lambda about, _: (
            'az role assignment create --role "Key Vault Crypto Officer" --assignee YOUR_PRINCIPAL '
            f"--scope {about.vault_id}"
        ),
        "public capture of a Key Vault RBAC denial",
    ),
    Row(
        r"does not have keys (?P<action>rotate|update|create|list) permission",
        "the deploying principal may not change the key on the vault's data plane",
        lambda about, _: (
            f"az keyvault set-policy --name {about.vault_name} --object-id YOUR_OBJECT_ID "
            "--key-permissions get list update rotate"
        ),
        "dotnet/AspNetCore.Docs#23035",
    ),
    Row(
        r"ForbiddenByRbac|Assignment: \(not found\)",
        "the account's identity has no role on the key, or the assignment has not propagated",
        _grant_role,
        "hashicorp/terraform-provider-azurerm#27817",
    ),
    Row(
        r"does not have keys \w+ permission|ForbiddenByPolicy",
        "no access policy of the vault gives the account's identity the key, or it has not propagated",
        _set_policy,
        "dotnet/AspNetCore.Docs#23035",
    ),
    Row(
        r"Public network access is disabled and request is not from a trusted service|ForbiddenByConnection"
        r"|ForbiddenByFirewall|Client address is not authorized",
        "the vault's network lets nobody in",
        lambda about, _: f"az keyvault update --name {about.vault_name} --bypass AzureServices",
        "Key Vault 403 answers",
    ),
    Row(
        r"FlagMustBeSetForRestore|has been soft-deleted\. To restore",
        "an account of this name was deleted and still holds the name (48 hours)",
        "restore it (set properties.restore to true) or purge it: az cognitiveservices account purge "
        "--name NAME --resource-group GROUP --location LOCATION",
        "Azure/azure-cli#18146",
    ),
    Row(
        r"subdomain name '(?P<name>[^']*)' is not available",
        "the custom subdomain is in use, or belongs to an account deleted in the last 48 hours",
        lambda _, found: (
            f"choose another customSubDomainName than {found['name']}, or purge the deleted account "
            "(az cognitiveservices account list-deleted)"
        ),
        "Azure/bicep#17663",
    ),
    Row(
        r"deletedAccounts/delete' over scope",
        "purging an account needs a right at the subscription, not at the resource group",
        "have Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts/delete granted at the "
        "subscription (Cognitive Services Contributor there)",
        "MicrosoftDocs/azure-docs#76885",
    ),
    Row(
        r"AccountProvisioningStateInvalid|in state Accepted",
        "the account is still busy with another change",
        "wait until it is Succeeded: az cognitiveservices account show --ids ACCOUNT_ID "
        "--query properties.provisioningState",
        "DefangLabs/pulumi-defang#274",
    ),
    Row(
        r"ScopeLocked",
        "a read-only lock on the account, or above it, forbids changes",
        "find it (az lock list), take it away for the update (az lock delete --ids LOCK_ID) and set it again",
        "public reports of ARM's answer",
    ),
    Row(
        r"ReadOnlyDisabledSubscription",
        "the subscription is disabled, so nothing in it can be changed",
        "have the subscription re-enabled by its owner, in the portal's Subscriptions",
        "public reports of ARM's answer",
    ),
    Row(
        r"ResourceKindRequireAcceptTerms",
        "the terms of this kind were never accepted in this subscription",
        "create the first account of this kind in the Azure portal, which asks for them",
        "hashicorp/terraform-provider-azurerm#12544",
    ),
    Row(
        r'"enablePurgeProtection" cannot be set to false',
        "purge protection cannot be taken away, nor sent as false",
        "set it to true; a customer-managed key needs it",
        "Azure/azure-cli#13006",
    ),
    Row(
        r"VaultAlreadyExists|same name already exists in deleted state|vault will need to be purged",
        "a vault of this name exists or was deleted and still holds the name",
        lambda about, _: (
            f"recover it (az keyvault recover --name {about.vault_name}), or choose another name: a "
            "purge-protected "
            "vault cannot be purged before its retention ends"
        ),
        "Azure/azure-cli#29115",
    ),
    Row(
        r"DeletedVaultPurge' is not allowed",
        "the vault is purge protected, so it cannot be purged",
        lambda about, _: (
            f"recover it (az keyvault recover --name {about.vault_name}) or wait for scheduledPurgeDate"
        ),
        "microsoft/AzureTRE#1446",
    ),
    Row(
        r"PrincipalNotFound",
        "the identity is new and not known everywhere yet",
        "say principalType ServicePrincipal in the role assignment, which then needs no look-up",
        "hashicorp/terraform-provider-azurerm#17357",
    ),
    Row(
        r"RequestDisallowedByPolicy",
        "an Azure Policy of the subscription denies this",
        "read the policy's name in the answer; where it wants a customer-managed key from the first "
        "moment, bind "
        "a user-assigned identity in the create (mode user-assigned)",
        "hashicorp/terraform-provider-azurerm#26265",
    ),
    Row(
        r"does not have authorization to perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'",
        "the deploying principal lacks a right in Azure Resource Manager",
        lambda _, found: f"have {found['action']} granted at {found['scope']}",
        "recorded traffic",
    ),
    Row(
        r"MissingSubscriptionRegistration.*?namespace '(?P<namespace>[^']+)'",
        "the subscription has never used this resource provider",
        lambda _, found: f"az provider register --namespace {found['namespace']} --wait",
        "recorded traffic",
    ),
    Row(
        r"not allowed on a disabled key|KeyDisabled",
        "the key version is disabled",
        lambda about, _: (
            f"az keyvault key set-attributes --vault-name {about.vault_name} --name {about.key_name} "
            "--enabled true"
        ),
        "texts of other people's fakes; never recorded",
    ),
    Row(
        r"KeyNotFound|Key not found: ",
        "the vault has no such key",
        lambda about, _: (
            f"az keyvault key list --vault-name {about.vault_name}; a deleted key comes back with "
            f"az keyvault key recover --vault-name {about.vault_name} --name {about.key_name}"
        ),
        "recorded traffic",
    ),
    Row(
        r"EncryptionScopeNotSupported",
        "encryption scopes are not offered for this kind or region",
        "bind the account itself instead",
        "recorded traffic",
    ),
    Row(
        r"disableLocalAuth is set to be true",
        "the account has no keys, since local authentication is off",
        "use a Microsoft Entra token instead of a key",
        "reported answer of listKeys",
    ),
    Row(
        r"ResourceGroupNotFound",
        "the resource group does not exist in this subscription",
        "az group show --name GROUP --subscription SUBSCRIPTION",
        "recorded traffic",
    ),
    Row(
        r"ResourceNotFound",
        "the resource does not exist",
        lambda about, _: f"az resource show --ids {about.account_id}",
        "recorded traffic",
    ),
    Row(
        r"SubscriptionNotFound|InvalidSubscriptionId",
        "the login cannot see this subscription",
        "az account list --output table",
        "Azure Resource Manager error codes",
    ),
    *LOGIN_ROWS,
)
