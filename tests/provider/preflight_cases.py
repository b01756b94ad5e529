"""What a preflight finds: one fact each that it finds, with the rule, its weight and a part of the text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from provider import ids
from provider.binding import Wish
from provider.facts import (
    Account,
    KeyVersion,
    PolicyEntry,
    RoleGrant,
    Surroundings,
    Unreadable,
    UserIdentity,
    Vault,
)
from provider.finding import Verdict
from provider.grants import DATA_ACTIONS
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    TENANT,
    V1,
    V2,
    VAULT_ID,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)

NOW = 1_750_000_000.0
CLIENT = "44444444-4444-4444-4444-444444444444"
WISH = Wish(
    ids.account_id(ACCOUNT_ID),
    ids.key_uri(key_uri(), "vault.azure.net"),
    ids.vault_id(VAULT_ID),
)


def around(
    account: Account | None = None, vault: Vault | None = None, key: KeyVersion | None = None, **changes: Any
) -> Surroundings:
    good = Surroundings(
        account=account or an_account(),
        account_asked=True,
        vault=vault or a_vault(),
        vault_asked=True,
        key=key or a_version(),
        key_asked=True,
    )
    return replace(good, **changes)


R, C, P, U = Verdict.REFUSED, Verdict.CHANGEABLE, Verdict.PASSING, Verdict.UNCHECKED
RBAC = {"uses_rbac": True, "policies": ()}
ROLE = RoleGrant(KEY_ID, "e147488a-f6f5-4113-8e2d-b22465e65bf6", DATA_ACTIONS)
USER = UserIdentity("/id", CLIENT, PRINCIPAL)

CASES: dict[str, tuple[Surroundings, str, Verdict, str]] = {
    "busy account": (
        around(an_account(provisioning_state="Accepted")),
        "account-is-settled",
        P,
        "state Accepted",
    ),
    "failed account": (
        around(an_account(provisioning_state="Failed")),
        "account-is-settled",
        U,
        "its last one ended as Failed",
    ),
    "no capability": (
        around(an_account(capabilities=("VirtualNetworks",))),
        "account-supports-customer-keys",
        C,
        "kind TextAnalytics",
    ),
    "capabilities not told": (
        around(an_account(capabilities=None)),
        "account-supports-customer-keys",
        U,
        "not checked",
    ),
    "no identity": (around(an_account(principal_id=None)), "account-has-identity", C, "system-assigned"),
    "bound by somebody else": (
        around(an_account(encryption=bound_to(key_name="another"))),
        "account-is-free",
        R,
        f"pulumi import azure-cmk:index:CustomerManagedKey NAME {ACCOUNT_ID}",
    ),
    "outbound restricted": (
        around(an_account(restricts_outbound=True, allowed_fqdns=("example.com",))),
        "outbound-reaches-vault",
        C,
        "add language-vault.vault.azure.net to allowedFqdnList",
    ),
    "vault of another name": (
        around(vault=a_vault(uri="https://other.vault.azure.net/")),
        "vault-is-the-keys",
        R,
        "answers at other.vault.azure.net",
    ),
    "another region": (
        around(vault=a_vault(location="North Europe")),
        "same-region",
        R,
        "westeurope, the vault in North Europe",
    ),
    "another tenant": (around(vault=a_vault(tenant_id=CLIENT)), "same-tenant", R, CLIENT),
    "no soft delete": (around(vault=a_vault(soft_delete=None)), "vault-has-soft-delete", C, "absent"),
    "no purge protection": (
        around(vault=a_vault(purge_protection=False)),
        "vault-has-purge-protection",
        C,
        "az keyvault update --name language-vault --enable-purge-protection true",
    ),
    "closed firewall": (
        around(vault=a_vault(default_action="Deny", bypass="None")),
        "vault-lets-trusted-services-in",
        C,
        "--bypass AzureServices",
    ),
    "closed public network": (
        around(vault=a_vault(public_network_access="Disabled", bypass="None")),
        "vault-lets-trusted-services-in",
        C,
        "bypass None",
    ),
    "elliptic key": (around(key=a_version(kty="EC", size=None)), "key-is-rsa-2048", R, "type EC"),
    "3072 bits": (around(key=a_version(size=3072)), "key-is-rsa-2048", R, "3072 bits, wanted 2048"),
    "bound version disabled": (
        around(
            an_account(encryption=bound_to(V2)), bound_key=a_version(V2, enabled=False), bound_key_asked=True
        ),
        "bound-version-is-usable",
        R,
        f"--id https://language-vault.vault.azure.net/keys/language-key/{V2} --enabled true",
    ),
    "bound version gone": (
        around(an_account(encryption=bound_to(V2)), bound_key_asked=True),
        "bound-version-is-usable",
        R,
        "is not in the vault any more",
    ),
    "disabled": (around(key=a_version(enabled=False)), "key-is-usable", C, "is disabled"),
    "expired": (
        around(key=a_version(expires=1_700_000_000)),
        "key-is-usable",
        C,
        "expired on 2023-11-14T22:13:20Z",
    ),
    "not yet valid": (
        around(key=a_version(not_before=1_800_000_000)),
        "key-is-usable",
        C,
        "not valid before 2027",
    ),
    "no unwrapKey": (
        around(key=a_version(operations=("sign", "wrapKey"))),
        "key-allows-wrapping",
        C,
        "does not allow unwrapKey",
    ),
    "operations not told": (around(key=a_version(operations=None)), "key-was-told", U, "keyOps"),
    "no policy": (
        around(vault=a_vault(policies=())),
        "identity-has-grant",
        C,
        f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL}",
    ),
    "policy without unwrapKey": (
        around(vault=a_vault(policies=(PolicyEntry(PRINCIPAL, TENANT, ("get", "wrapKey")),))),
        "identity-has-grant",
        C,
        "do not give unwrapKey",
    ),
    "policy of a compound identity": (
        around(vault=a_vault(policies=(PolicyEntry(PRINCIPAL, TENANT, ("all",), CLIENT),))),
        "identity-has-grant",
        C,
        "get, wrapKey, unwrapKey",
    ),
    "no role": (
        around(vault=a_vault(**RBAC), roles=()),
        "identity-has-grant",
        P,
        f"--scope {KEY_ID}",
    ),
    "role at another key": (
        around(vault=a_vault(**RBAC), roles=(replace(ROLE, scope=f"{KEY_ID}-2"),)),
        "identity-has-grant",
        P,
        "no role assignment at or above the key",
    ),
    "role that denies unwrap": (
        around(
            vault=a_vault(**RBAC),
            roles=(replace(ROLE, data_actions=("*",), not_data_actions=("*/unwrap/action",)),),
        ),
        "identity-has-grant",
        P,
        "keys/unwrap/action",
    ),
    "conditional role": (
        around(vault=a_vault(**RBAC), roles=(replace(ROLE, conditional=True),)),
        "identity-has-grant",
        U,
        "has a condition",
    ),
    "unreadable roles": (
        around(vault=a_vault(**RBAC), unreadable=(Unreadable("the role assignments", "403"),)),
        "unreadable-is-told",
        U,
        "the role assignments could not be read: 403",
    ),
}
CASES["absent account"] = (
    replace(around(), account=None),
    "account-exists",
    C,
    f"there is no account {ACCOUNT_ID}",
)
CASES["absent version"] = (replace(around(), key=None), "key-version-exists", C, f"no version {V1}")
CASES["absent vault"] = (
    replace(around(key_asked=False), vault=None),
    "vault-exists",
    C,
    "az keyvault recover",
)
