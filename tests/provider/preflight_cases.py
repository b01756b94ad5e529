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
from provider.live_state import ACCOUNT, BOUND_KEY, KEY, VAULT, LiveState, Target
from provider.preflight import Severity
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

ALL = frozenset({ACCOUNT, VAULT, KEY})
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
        vault=vault or a_vault(),
        key=key or a_version(),
        read=ALL,
    )
    return replace(good, **changes)


R, C, P, U = Severity.REFUSED, Severity.CHANGEABLE, Severity.TRANSIENT, Severity.NOT_CHECKED
RBAC = {"uses_rbac": True, "policies": ()}
ROLE = RoleAssignment(KEY_ID, PRINCIPAL, CRYPTO_SERVICE_ENCRYPTION_USER.id, CRYPTO_SERVICE_ENCRYPTION_USER)
USER = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)
NO_UNWRAP = Permissions(data_actions=("*",), not_data_actions=("*/unwrap/action",))
ON_V2 = an_account(encryption=bound_to(V2))
EXPIRED = 1_700_000_000
PERIMETER = Network("SecuredByPerimeter", default_action="Deny", bypass="None")


def account(**changes: Any) -> LiveState:
    return live_state(an_account(**changes))


def vault(**changes: Any) -> LiveState:
    return live_state(vault=a_vault(**changes))


def roles(*given: RoleAssignment) -> LiveState:
    """In a vault that goes by roles."""
    return live_state(vault=a_vault(**RBAC), roles=given)


def key(**changes: Any) -> LiveState:
    return live_state(key=a_version(**changes))


def policy(*permissions: str, application: str = "") -> LiveState:
    return vault(policies=(PolicyEntry(PRINCIPAL, permissions, TENANT, application),))


# What is found: the rule, its weight, a part of the text; and the facts that it is found in.
CASES: tuple[tuple[str, Severity, str, LiveState], ...] = (
    ("account-exists", C, f"there is no account {ACCOUNT_ID}", replace(live_state(), account=None)),
    ("account-is-settled", P, "state Accepted", account(provisioning_state="Accepted")),
    ("account-tier", C, "kind TextAnalytics", account(capabilities=("VirtualNetworks",))),
    ("account-tier", U, "lists no capabilities", account(capabilities=None)),
    ("account-has-identity", C, "system-assigned", account(principal_id=None)),
    (
        "account-is-free",
        R,
        f"pulumi import azure-cmk:index:CustomerManagedKey NAME {ACCOUNT_ID}",
        account(encryption=bound_to(key_name="another")),
    ),
    (
        "outbound-reaches-vault",
        C,
        "add language-vault.vault.azure.net to allowedFqdnList",
        account(restricts_outbound=True, allowed_fqdns=("example.com",)),
    ),
    ("vault-exists", C, "az keyvault recover", replace(live_state(read=ALL - {KEY}), vault=None)),
    ("same-region", R, "westeurope, the vault in North Europe", vault(location="North Europe")),
    ("same-tenant", R, CLIENT, account(tenant_id=CLIENT)),
    ("vault-has-soft-delete", C, "false; expected true", vault(soft_delete=False)),
    (
        "vault-has-purge-protection",
        C,
        "az keyvault update --name language-vault --enable-purge-protection true",
        vault(purge_protection=False),
    ),
    ("hsm-is-activated", C, "az keyvault security-domain download", vault(activated=False)),
    (
        "vault-admits-trusted-services",
        C,
        "--bypass AzureServices",
        vault(network=Network(default_action="Deny", bypass="None")),
    ),
    ("vault-admits-trusted-services", C, "bypass None", vault(network=Network("Disabled", bypass="None"))),
    ("vault-admits-trusted-services", U, "a network security perimeter decides", vault(network=PERIMETER)),
    ("key-version-exists", P, f"no version {V1}", replace(live_state(), key=None)),
    ("key-is-rsa-2048", R, "type EC", key(type="EC", size=None)),
    ("key-is-rsa-2048", R, "3072 bits; expected 2048", key(size=3072)),
    (
        "bound-version-is-usable",
        R,
        f"--id https://language-vault.vault.azure.net/keys/language-key/{V2} --enabled true",
        live_state(ON_V2, bound_key=a_version(V2, enabled=False), read=ALL | {BOUND_KEY}),
    ),
    ("bound-version-is-usable", R, "is not in the vault any more", live_state(ON_V2, read=ALL | {BOUND_KEY})),
    ("key-is-usable", C, "is disabled", key(enabled=False)),
    ("key-is-usable", C, "expired on 2023-11-14T22:13:20Z", key(expires=EXPIRED)),
    (
        "key-is-usable",
        C,
        "run `az keyvault key rotate --vault-name language-vault --name language-key`",
        key(expires=EXPIRED),
    ),
    ("key-is-usable", C, "not valid before 2027", key(not_before=1_800_000_000)),
    ("key-allows-wrapping", C, "does not allow unwrapKey", key(operations=("sign", "wrapKey"))),
    ("key-allows-wrapping", U, "keyOps", key(operations=None)),
    (
        "identity-has-access",
        P,
        f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL}",
        vault(policies=()),
    ),
    ("identity-has-access", P, "gives unwrapKey", policy("get", "wrapkey")),
    ("identity-has-access", P, "get, wrapKey, unwrapKey", policy("all", application=CLIENT)),
    ("identity-has-access", P, f"--scope {KEY_ID}", roles()),
    (
        "identity-has-access",
        P,
        "no role assignment at or above the key",
        roles(replace(ROLE, scope=f"{KEY_ID}-2")),
    ),
    (
        "identity-has-access",
        P,
        "gives unwrapKey",
        roles(replace(ROLE, role=Role("own", "own", (NO_UNWRAP,)))),
    ),
    ("identity-has-access", U, "has a condition", roles(replace(ROLE, condition="@Resource"))),
    (
        "unreadable-parts",
        U,
        "the role assignments could not be read: 403",
        live_state(vault=a_vault(**RBAC), unreadable={"the role assignments": "403"}),
    ),
)
