"""Every finding of the preflight, from the facts that cause it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core import arm_ids, key_uris, resource_types
from core.facts import Account, KeyVersion, Network, PolicyEntry, RoleAssignment, Vault
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from provider.live_state import ACCOUNT, BOUND_KEY, KEY, VAULT, LiveState, Look, Target
from provider.preflight import Preflight, Severity, blocking, findings
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    CLIENT,
    KEY_ID,
    PRINCIPAL,
    TENANT,
    USER,
    V1,
    V2,
    V3,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)

ALL = frozenset({ACCOUNT, VAULT, KEY})
NOW = 1_750_000_000.0
TARGET = Target(arm_ids.account_id(ACCOUNT_ID), key_uris.parse(key_uri()), arm_ids.vault_id(VAULT_ID))


def live_state(
    account: Account | None = None, vault: Vault | None = None, key: KeyVersion | None = None, **changes: Any
) -> LiveState:
    good = LiveState(account or an_account(), vault or a_vault(), key or a_version(), read=ALL)
    return replace(good, **changes)


R, C, P, U = Severity.REFUSED, Severity.CHANGEABLE, Severity.TRANSIENT, Severity.NOT_CHECKED
RBAC = {"uses_rbac": True, "policies": ()}
ROLE = RoleAssignment(KEY_ID, PRINCIPAL, CRYPTO_SERVICE_ENCRYPTION_USER.id, CRYPTO_SERVICE_ENCRYPTION_USER)
ON_V2 = an_account(encryption=bound_to(V2))
EXPIRED = 1_700_000_000
ON_ANOTHER = bound_to(key_name="another")
CLOSED = Network(default_action="Deny", bypass="None")
ROLES = "the role assignments"
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


def policy(*permissions: str) -> LiveState:
    return vault(policies=(PolicyEntry(PRINCIPAL, permissions, TENANT),))


def on_v2(version: KeyVersion | None) -> LiveState:
    """Of an account that is bound to that version, as Azure has it."""
    return live_state(ON_V2, bound_key=version, read=ALL | {BOUND_KEY})


UNREAD = live_state(vault=a_vault(**RBAC), unreadable={ROLES: "403"})
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
        f"pulumi import {resource_types.BINDING} NAME {ACCOUNT_ID}",
        account(encryption=ON_ANOTHER),
    ),
    ("outbound-reaches-vault", C, "add language-vault.vault", account(restricts_outbound=True)),
    ("vault-exists", C, "az keyvault recover", replace(live_state(read=ALL - {KEY}), vault=None)),
    ("same-region", R, "westeurope, the vault in North Europe", vault(location="North Europe")),
    ("same-tenant", R, CLIENT, account(tenant_id=CLIENT)),
    ("vault-has-soft-delete", C, "false; expected true", vault(soft_delete=False)),
    ("vault-has-purge-protection", C, "--enable-purge-protection true", vault(purge_protection=False)),
    ("hsm-is-activated", C, "az keyvault security-domain download", vault(activated=False)),
    ("vault-admits-trusted-services", C, "--bypass AzureServices", vault(network=CLOSED)),
    ("vault-admits-trusted-services", U, "a network security perimeter decides", vault(network=PERIMETER)),
    ("key-version-exists", P, f"no version {V1}", replace(live_state(), key=None)),
    ("key-is-rsa-2048", R, "3072 bits; expected 2048", key(size=3072)),
    ("bound-version-is-usable", R, f"--id {key_uri(V2)} --enabled true", on_v2(a_version(V2, enabled=False))),
    ("bound-version-is-usable", R, "is not in the vault any more", on_v2(None)),
    ("key-is-usable", C, "is disabled", key(enabled=False)),
    ("key-is-usable", C, "az keyvault key rotate --vault-name language-vault", key(expires=EXPIRED)),
    ("key-allows-wrapping", C, "does not allow unwrapKey", key(operations=("sign", "wrapKey"))),
    ("identity-has-access", P, f"set-policy --name language-vault --object-id {PRINCIPAL}", policy()),
    ("identity-has-access", P, "gives unwrapKey", policy("get", "wrapkey")),
    ("identity-has-access", P, f"--scope {KEY_ID}", roles()),
    ("identity-has-access", U, "has a condition", roles(replace(ROLE, condition="@Resource"))),
    ("unreadable-parts", U, f"{ROLES} could not be read: 403", UNREAD),
)


def found(live: LiveState, target: Target = TARGET, **facts: Any) -> list[tuple[str, Severity, str]]:
    judged = findings(Preflight(target, live, NOW, **facts))
    return [(finding.rule, finding.severity, str(finding)) for finding in judged]


def test_nothing_is_found_where_all_holds() -> None:
    """A world as it must be has no finding, not even an unchecked one; nor has a larger key of Foundry."""
    assert found(live_state()) == []
    assert found(live_state(an_account(kind="AIServices"), key=a_version(size=4096))) == []


@pytest.mark.parametrize(("rule", "severity", "text", "live"), CASES)
def test_one_thing_wrong_is_one_finding(rule: str, severity: Severity, text: str, live: LiveState) -> None:
    """Each fault alone gives exactly one finding: its rule, its weight, what was found and the way out."""
    ((found_rule, found_severity, message),) = found(live)
    assert (found_rule, found_severity) == (rule, severity)
    assert text in message


def test_a_user_assigned_identity_is_looked_for_by_client_id() -> None:
    """With identityClientId it is that identity that must be assigned and granted."""
    target = replace(TARGET, identity_client_id=CLIENT)
    assert found(live_state(an_account(user_assigned=(USER,), principal_id=None)), target) == []
    ((rule, _, message),) = found(live_state(), target)
    assert rule == "account-has-identity"
    assert f"client id {CLIENT}; it has none" in message


def test_another_vault_is_taken_only_when_it_is_named() -> None:
    """A rebinding to another vault needs vaultId; within one vault it needs nothing."""
    account = an_account(encryption=bound_to(key_vault_uri="https://old.vault.azure.net/"))
    without = replace(TARGET, vault=None)
    rules = [rule for rule, _, _ in found(live_state(account), without, rebinding=True)]
    assert rules == ["other-vault-is-asked-for"]
    assert found(live_state(account), TARGET, rebinding=True) == []
    assert found(live_state(an_account(encryption=bound_to(key_name="old"))), TARGET, rebinding=True) == []


def test_what_is_not_known_yet_is_not_judged() -> None:
    """A preview that knows nothing finds nothing; one that knows the account judges the account alone."""
    assert found(LiveState(), Target(vault_known=False, identity_known=False)) == []
    account_only = LiveState(account=an_account(principal_id=None), read=frozenset({ACCOUNT}))
    assert found(account_only, Target(TARGET.account, vault_known=False, identity_known=False)) == []


NEWEST = key_uris.parse(key_uri("").rstrip("/"))
ELSEWHERE = {
    "key": key_uris.parse(key_uri(vault_uri=VAULT_URI.replace("-vault", "-vault-other"))),
    "vault": arm_ids.vault_id(f"{VAULT_ID}-other"),
}


@pytest.mark.parametrize(
    ("rule", "refused", "taken", "wanted"),
    [
        ("account-takes-identity", "Face", "TextAnalytics", {"identity_client_id": CLIENT}),
        ("account-keeps-its-vault", "AIServices", "TextAnalytics", ELSEWHERE),
        ("kind-follows-the-key", "TextAnalytics", "AIServices", {"key": NEWEST}),
    ],
)
def test_what_a_kind_cannot_have_is_refused(rule: str, refused: str, taken: str, wanted: Any) -> None:
    """And is no obstacle for another kind."""
    for kind, expected in ((refused, True), (taken, False)):
        account = an_account(kind=kind, user_assigned=(USER,), encryption=bound_to())
        around = Preflight(replace(TARGET, **wanted), live_state(account), NOW, rebinding=True)
        assert (rule in {one.rule for one in blocking(findings(around))}) is expected


async def test_a_binding_without_a_version_is_judged_by_the_version_that_azure_would_use() -> None:
    """With the newest disabled and the one before it expired, that is the one before them, read whole; where
    none can be used, it is the newest, and the fix names it."""
    target = replace(TARGET, key=NEWEST)
    azure = FakeAzure(an_account(kind="AIServices"))
    newest, expired = a_version(V3, enabled=False), a_version(V2, expires=int(NOW))
    azure.versions = [a_version(V1), expired, newest]
    live = await Look(azure, target).at_all(NOW)
    assert live.key == azure.versions[0]
    assert findings(Preflight(target, live, NOW)) == []
    azure.versions = [a_version(V1, enabled=False), expired, newest]
    live = await Look(azure, target).at_all(NOW)
    (told,) = findings(Preflight(target, live, NOW))
    assert told.text == f"the key version {V3} is disabled"
    assert f"--id {key_uri(V3)} --enabled true" in told.fix
