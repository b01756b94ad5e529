"""What a preflight finds: one fact each that it finds, with the rule, its weight and a part of the text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core import arm_ids, key_uris
from core.facts import (
    Account,
    KeyVersion,
    Network,
    PolicyEntry,
    RoleAssignment,
    UserAssignedIdentity,
    Vault,
)
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER, Permissions, Role
from provider.finding import Severity
from provider.live_state import LiveState, Target, Unreadable
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
TARGET = Target(
    arm_ids.account_id(ACCOUNT_ID),
    key_uris.parse(key_uri()),
    arm_ids.vault_id(VAULT_ID),
)


def live_state(
    account: Account | None = None, vault: Vault | None = None, key: KeyVersion | None = None, **changes: Any
) -> LiveState:
    good = LiveState(
        account=account or an_account(),
        account_read=True,
        vault=vault or a_vault(),
        vault_read=True,
        key=key or a_version(),
        key_read=True,
    )
    return replace(good, **changes)


R, C, P, U = Severity.REFUSED, Severity.CHANGEABLE, Severity.TRANSIENT, Severity.NOT_CHECKED
RBAC = {"uses_rbac": True, "policies": ()}
ROLE = RoleAssignment(KEY_ID, PRINCIPAL, CRYPTO_SERVICE_ENCRYPTION_USER.id, CRYPTO_SERVICE_ENCRYPTION_USER)
USER = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)

CASES: dict[str, tuple[LiveState, str, Severity, str]] = {
    "busy account": (
        live_state(an_account(provisioning_state="Accepted")),
        "account-is-settled",
        P,
        "state Accepted",
    ),
    "failed account": (
        live_state(an_account(provisioning_state="Failed")),
        "account-is-settled",
        U,
        "its last one ended as Failed",
    ),
    "no capability": (
        live_state(an_account(capabilities=("VirtualNetworks",))),
        "account-tier",
        C,
        "kind TextAnalytics",
    ),
    "capabilities unknown": (
        live_state(an_account(capabilities=None)),
        "account-tier",
        U,
        "lists no capabilities",
    ),
    "no identity": (live_state(an_account(principal_id=None)), "account-has-identity", C, "system-assigned"),
    "bound by somebody else": (
        live_state(an_account(encryption=bound_to(key_name="another"))),
        "account-is-free",
        R,
        f"pulumi import azure-cmk:index:CustomerManagedKey NAME {ACCOUNT_ID}",
    ),
    "projects of a Foundry account": (
        live_state(an_account(kind="AIServices"), projects=("claims", "fraud")),
        "account-has-no-projects",
        R,
        "has the projects 'claims', 'fraud' under Microsoft-managed keys",
    ),
    "outbound restricted": (
        live_state(an_account(restricts_outbound=True, allowed_fqdns=("example.com",))),
        "outbound-reaches-vault",
        C,
        "add language-vault.vault.azure.net to allowedFqdnList",
    ),
    "vault of another name": (
        live_state(vault=a_vault(uri="https://other.vault.azure.net/")),
        "vault-holds-the-key",
        R,
        "answers at other.vault.azure.net",
    ),
    "another region": (
        live_state(vault=a_vault(location="North Europe")),
        "same-region",
        R,
        "westeurope, the vault in North Europe",
    ),
    "another tenant": (live_state(an_account(tenant_id=CLIENT)), "same-tenant", R, CLIENT),
    "no soft delete": (
        live_state(vault=a_vault(soft_delete=False)),
        "vault-has-soft-delete",
        C,
        "false; expected true",
    ),
    "no purge protection": (
        live_state(vault=a_vault(purge_protection=False)),
        "vault-has-purge-protection",
        C,
        "az keyvault update --name language-vault --enable-purge-protection true",
    ),
    "managed HSM that is not activated": (
        live_state(vault=a_vault(activated=False)),
        "hsm-is-activated",
        C,
        "az keyvault security-domain download",
    ),
    "closed firewall": (
        live_state(vault=a_vault(network=Network(default_action="Deny", bypass="None"))),
        "vault-admits-trusted-services",
        C,
        "--bypass AzureServices",
    ),
    "closed public network": (
        live_state(vault=a_vault(network=Network("Disabled", bypass="None"))),
        "vault-admits-trusted-services",
        C,
        "bypass None",
    ),
    "elliptic key": (live_state(key=a_version(type="EC", size=None)), "key-is-rsa-2048", R, "type EC"),
    "3072 bits": (live_state(key=a_version(size=3072)), "key-is-rsa-2048", R, "3072 bits; expected 2048"),
    "bound version disabled": (
        live_state(
            an_account(encryption=bound_to(V2)), bound_key=a_version(V2, enabled=False), bound_key_read=True
        ),
        "bound-version-is-usable",
        R,
        f"--id https://language-vault.vault.azure.net/keys/language-key/{V2} --enabled true",
    ),
    "bound version gone": (
        live_state(an_account(encryption=bound_to(V2)), bound_key_read=True),
        "bound-version-is-usable",
        R,
        "is not in the vault any more",
    ),
    "disabled": (live_state(key=a_version(enabled=False)), "key-is-usable", C, "is disabled"),
    "expired": (
        live_state(key=a_version(expires=1_700_000_000)),
        "key-is-usable",
        C,
        "expired on 2023-11-14T22:13:20Z",
    ),
    "expired, and its way on": (
        live_state(key=a_version(expires=1_700_000_000)),
        "key-is-usable",
        C,
        "run `az keyvault key rotate --vault-name language-vault --name language-key`",
    ),
    "not yet valid": (
        live_state(key=a_version(not_before=1_800_000_000)),
        "key-is-usable",
        C,
        "not valid before 2027",
    ),
    "no unwrapKey": (
        live_state(key=a_version(operations=("sign", "wrapKey"))),
        "key-allows-wrapping",
        C,
        "does not allow unwrapKey",
    ),
    "operations unknown": (live_state(key=a_version(operations=None)), "key-allows-wrapping", U, "keyOps"),
    "no policy": (
        live_state(vault=a_vault(policies=())),
        "identity-has-access",
        P,
        f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL}",
    ),
    "policy without unwrapKey": (
        live_state(vault=a_vault(policies=(PolicyEntry(PRINCIPAL, ("get", "wrapkey"), TENANT),))),
        "identity-has-access",
        P,
        "do not give unwrapKey",
    ),
    "policy of a compound identity": (
        live_state(vault=a_vault(policies=(PolicyEntry(PRINCIPAL, ("all",), TENANT, CLIENT),))),
        "identity-has-access",
        P,
        "get, wrapKey, unwrapKey",
    ),
    "no role": (
        live_state(vault=a_vault(**RBAC), roles=()),
        "identity-has-access",
        P,
        f"--scope {KEY_ID}",
    ),
    "role at another key": (
        live_state(vault=a_vault(**RBAC), roles=(replace(ROLE, scope=f"{KEY_ID}-2"),)),
        "identity-has-access",
        P,
        "no role assignment at or above the key",
    ),
    "role that denies unwrap": (
        live_state(
            vault=a_vault(**RBAC),
            roles=(
                replace(
                    ROLE,
                    role=Role(
                        "own",
                        "own",
                        (Permissions(data_actions=("*",), not_data_actions=("*/unwrap/action",)),),
                    ),
                ),
            ),
        ),
        "identity-has-access",
        P,
        "gives unwrapKey",
    ),
    "conditional role": (
        live_state(vault=a_vault(**RBAC), roles=(replace(ROLE, condition="@Resource"),)),
        "identity-has-access",
        U,
        "has a condition",
    ),
    "unreadable roles": (
        live_state(vault=a_vault(**RBAC), unreadable=(Unreadable("the role assignments", "403"),)),
        "unreadable-parts",
        U,
        "the role assignments could not be read: 403",
    ),
}
CASES["absent account"] = (
    replace(live_state(), account=None),
    "account-exists",
    C,
    f"there is no account {ACCOUNT_ID}",
)
CASES["absent version"] = (replace(live_state(), key=None), "key-version-exists", P, f"no version {V1}")
CASES["absent vault"] = (
    replace(live_state(key_read=False), vault=None),
    "vault-exists",
    C,
    "az keyvault recover",
)
