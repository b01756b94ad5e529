"""Accounts, vaults and keys that a rotation could not be followed with, each with what is said of it."""

from __future__ import annotations

from typing import Any

from core.facts import Account, Network, UserAssignedIdentity
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    V1,
    VAULT_URI,
    FakeAzure,
    a_vault,
    an_account,
    bound_to,
)

CLIENT = "44444444-4444-4444-4444-444444444444"
USER = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)


def azure_with(account: Account | None = None, **vault: Any) -> FakeAzure:
    """An Azure in which the account is bound to the key's only version, but for what is given."""
    azure = FakeAzure()
    azure.accounts[ACCOUNT_ID.lower()] = account or an_account(encryption=bound_to())
    azure.put(a_vault(**vault))
    return azure


def bound(**changes: Any) -> Account:
    return an_account(encryption=bound_to(), **changes)


# what is wrong -> the Azure, a part of the reason, a part of the way out
REFUSED: dict[str, tuple[FakeAzure, str, str]] = {
    "unbound": (
        azure_with(an_account()),
        "account-is-on-the-key: the account is on Microsoft-managed keys",
        "bind it first, by `pulumi up --refresh` with generation as it was, 1; then",
    ),
    "bound to another key": (
        azure_with(an_account(encryption=bound_to(key_name="another"))),
        f"the account is on {VAULT_URI}/keys/another/{V1}, not on a version of the key language-key",
        "bind it first",
    ),
    "bound in another vault": (
        azure_with(an_account(encryption=bound_to(key_vault_uri="https://other.vault.azure.net/"))),
        "the account is on https://other.vault.azure.net/keys/language-key",
        "bind it first",
    ),
    "failed": (
        azure_with(bound(provisioning_state="Failed")),
        "account-is-settled: the account is in state Failed",
        "update the account again",
    ),
    "no identity": (
        azure_with(bound(principal_id=None)),
        "account-has-identity: the account has no system-assigned identity",
        "SystemAssigned",
    ),
    "user-assigned identity taken away": (
        azure_with(an_account(encryption=bound_to(identity_client_id=CLIENT))),
        f"no user-assigned identity of the account has the client id {CLIENT}",
        "assign the identity",
    ),
    "no grant": (
        azure_with(bound(), policies=()),
        "identity-has-access: the access policies of language-vault do not give get, wrapKey, unwrapKey",
        f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL}",
    ),
    "no role": (
        azure_with(bound(), uses_rbac=True, policies=()),
        "identity-has-access: no role assignment at or above the key gives",
        f"--scope {KEY_ID}",
    ),
    "outbound closed": (
        azure_with(bound(restricts_outbound=True)),
        "outbound-reaches-vault",
        "add language-vault.vault.azure.net to allowedFqdnList",
    ),
    "no capability": (azure_with(bound(capabilities=())), "account-tier", "tier"),
    "another region": (
        azure_with(bound(location="eastus")),
        "same-region",
        "a vault or managed HSM in the account's region",
    ),
    "another tenant": (azure_with(bound(tenant_id=CLIENT)), "same-tenant", "a vault of the account's tenant"),
    "closed vault": (
        azure_with(bound(), network=Network(default_action="Deny", bypass="None")),
        "vault-admits-trusted-services",
        "--bypass AzureServices",
    ),
    "no purge protection": (
        azure_with(bound(), purge_protection=None),
        "vault-has-purge-protection",
        "--enable-purge-protection true",
    ),
}
