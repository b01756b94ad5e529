"""What happens to the access that an account has to its key, in hand-made previews."""

from __future__ import annotations

from typing import Any

import pytest

from core import roles
from tests.review.build import (
    ACCOUNT,
    BINDING,
    GROUP,
    INLINE,
    KEY,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    Step,
    account,
    binding,
    bound,
    policy,
    replaced,
    review,
    same,
    state,
    step,
    vault,
    verdicts,
)

ENCRYPTION_USER = f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
PURGE = "azure-cmk:index:DeletedAccountPurge"
REVOCATION = "azure-cmk:index:KeyAccessRevocation"
IDENTITY_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"


@pytest.mark.parametrize("outputs", [{"identity": {"principalId": UNKNOWN}}, {"identity": UNKNOWN}, {}])
def test_an_update_that_does_not_know_the_identity_yet_leaves_it_as_it_is(outputs: dict[str, Any]) -> None:
    """What the cloud said before an update holds until it says something else, at any depth."""
    changed = {**account(), "outputs": outputs}
    steps = replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", account(), changed))
    gone = step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey"))
    assert "access-revoked" in verdicts(*replaced(steps, POLICY, gone))
    assert not {"access-revoked", "undetermined"} & set(verdicts(*steps))


def test_access_to_another_vault_is_no_access() -> None:
    """A grant on another vault does not make up for the one that goes."""
    elsewhere = policy("get", "wrapKey", "unwrapKey")
    elsewhere["inputs"] = {**elsewhere["inputs"], "vaultName": "other"}
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(POLICY, "q", elsewhere)) == ["access-revoked"]


def test_a_user_assigned_identity_that_holds_the_key_is_lost() -> None:
    """Inline encryption by a user-assigned identity depends on that identity."""
    first, second = (f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}" for n in "xy")
    inline = {**INLINE, "keyVaultProperties": {**INLINE["keyVaultProperties"], "identityClientId": "c"}}  # type: ignore[dict-item]
    before, after = (
        account(type="UserAssigned", encryption=inline),
        account(type="UserAssigned", encryption=inline),
    )
    before["inputs"]["identity"]["userAssignedIdentities"] = [first]
    before["outputs"]["identity"]["userAssignedIdentities"] = {first: {"principalId": PRINCIPAL}}
    after["inputs"]["identity"]["userAssignedIdentities"] = [second]
    assert "identity-lost" in verdicts(step("update", ACCOUNT, "a", before, after))


def test_a_vault_that_looks_at_role_assignments_ignores_access_policies() -> None:
    """The preview shows one flag of the vault; what it takes away is all access to the data."""
    before, after = vault(enableRbacAuthorization=False), vault(enableRbacAuthorization=True)
    steps = replaced(bound(), VAULT, step("update", VAULT, "v", before, after))
    assert verdicts(*steps) == ["access-revoked"]
    role = state({"scope": VAULT_ID, "principalId": PRINCIPAL, "roleDefinitionId": ENCRYPTION_USER})
    assert verdicts(*steps, step("create", ROLE, "r", None, role)) == []
    hidden = step("update", VAULT, "v", before, vault(enableRbacAuthorization="[secret]"))
    assert verdicts(*replaced(bound(), VAULT, hidden)) == ["undetermined"]


def attached(client: str = "c1") -> tuple[Step, Step]:
    """An account with an identity of its own and another one, which opens its key; and that other one."""
    made = account(
        type="SystemAssigned, UserAssigned",
        encryption={
            **INLINE,
            "keyVaultProperties": {**INLINE["keyVaultProperties"], "identityClientId": client},  # type: ignore[dict-item]
        },
    )
    made["inputs"]["identity"]["userAssignedIdentities"] = [IDENTITY_ID]
    made["outputs"]["identity"]["userAssignedIdentities"] = {
        IDENTITY_ID: {"principalId": "p1", "clientId": "C1"}
    }
    facts = {"principalId": "p1", "clientId": "c1"}
    return made, state({"resourceName": "x"}, facts, id=IDENTITY_ID)


@pytest.mark.parametrize(
    ("client", "expected"), [("c1", ["access-revoked"]), ("c2", []), ("[secret]", []), (UNKNOWN, [])]
)
def test_only_the_identity_that_opens_the_key_needs_access(client: str, expected: list[str]) -> None:
    """Access of the account's other identity does not make up for it; where none is known any may."""
    made, identity = attached(client)
    steps = [same(ACCOUNT, "a", made), same(IDENTITY, "i", identity), same(VAULT, "v", vault())]
    own = same(POLICY, "own", policy("get", "wrapKey", "unwrapKey"))
    gone = step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey", principal="p1"))
    assert verdicts(*steps, own, gone) == expected


@pytest.mark.parametrize(("op", "word"), [("delete", "DELETED"), ("replace", "REPLACED")])
def test_an_identity_that_goes_is_lost_though_the_account_lists_it(op: str, word: str) -> None:
    """The account's inputs may hold the id as a text, and then do not change."""
    made, identity = attached()
    grant = same(POLICY, "p", policy("get", "wrapKey", "unwrapKey", principal="p1"))
    gone = step(op, IDENTITY, "i", identity, None if op == "delete" else state({"resourceName": "y"}))
    made_review = review(same(ACCOUNT, "a", made), gone, same(VAULT, "v", vault()), grant)
    (verdict,) = (one.verdict for one in made_review.rows[0].verdicts)
    assert (verdict.name.value, word in verdict.words) == ("identity-lost", True)


def test_an_identity_that_opens_nothing_may_go() -> None:
    """The key is opened by the account's own identity where it names no other."""
    made, identity = attached("")
    grant = same(POLICY, "p", policy("get", "wrapKey", "unwrapKey"))
    assert verdicts(same(ACCOUNT, "a", made), step("delete", IDENTITY, "i", identity), grant) == []


@pytest.mark.parametrize(
    "role", [roles.IDENTITY_CONTRIBUTOR, roles.COGNITIVE_CONTRIBUTOR, roles.LOG_CONTRIBUTOR]
)
def test_a_stranger_with_a_role_that_is_known_in_part_is_told(role: roles.Role) -> None:
    """What else it allows is not judged here: to log in as the identity, to write the account, to delete the
    log."""
    given = {"scope": GROUP, "principalId": "99999999-0000-4000-8000-000000000009"}
    made = step("create", ROLE, "r", None, state({**given, "roleDefinitionId": f"{ROLES}{role.id}"}))
    assert verdicts(*bound(), made) == ["principal-added"]


@pytest.mark.parametrize(
    ("type", "expected"), [("azure-native:keyvault/v20260201:Vault", ["access-revoked"]), (VAULT, [])]
)
def test_a_vault_that_no_longer_states_its_model(type: str, expected: list[str]) -> None:
    """By API version 2026-02-01 it goes on using roles, and an access policy in the place of the role gives
    nothing; by older versions that meant access policies."""
    before, after = vault(enableRbacAuthorization=True), vault()
    role = state(
        {"scope": VAULT_ID, "principalId": PRINCIPAL, "roleDefinitionId": ENCRYPTION_USER}, {}, id="role"
    )
    steps = [
        same(ACCOUNT, "a", account()),
        step("update", type, "v", before, {**after, "outputs": before["outputs"]}),
        step("delete", ROLE, "r", role),
        step("create", POLICY, "p", None, policy("get", "wrapKey", "unwrapKey")),
        same(BINDING, "b", binding()),
    ]
    assert verdicts(*steps) == expected


KEPT = state({"vaultName": "kv", "keyName": "key"}, {"name": "key"}, id=f"{VAULT_ID}/keys/key")


@pytest.mark.parametrize(
    ("kind", "lost"),
    [("TextTranslation", True), ("TextAnalytics", False), ("ImmersiveReader", True), (None, True)],
)
@pytest.mark.parametrize(
    ("token", "taken", "verdict"),
    [
        (POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")), "access-revoked"),
        (VAULT, step("delete", VAULT, "v", vault()), "vault-deleted"),
        (VAULT, step("replace", VAULT, "v", vault(), vault()), "vault-replaced"),
        (KEY, step("replace", KEY, "k", KEPT, KEPT), "key-replaced"),
        (POLICY, same(POLICY, "p", policy("get", "wrapKey", "unwrapKey")), ""),
    ],
)
def test_what_azure_deletes_with_the_access_is_a_verdict_of_its_own(
    token: str, taken: Step, verdict: str, kind: str | None, *, lost: bool
) -> None:
    """So that an approval of the revocation alone does not let the loss through. A kind that is not known
    here, or not shown, may lose data."""
    known = account()
    known["inputs"] = {**known["inputs"], "kind": kind}
    steps = [*bound(), same(KEY, "k", KEPT)]
    found = verdicts(*replaced(replaced(steps, ACCOUNT, same(ACCOUNT, "a", known)), token, taken))
    assert ("data-deleted" in found) is (lost and bool(verdict))
    assert not verdict or verdict in found


def test_an_account_of_another_stack_may_lose_data_with_its_vault() -> None:
    """Of a binding alone, nothing shows the kind of its account."""
    found = verdicts(step("delete", VAULT, "v", vault()), same(BINDING, "b", binding()))
    assert set(found) == {"vault-deleted", "data-deleted"}


def test_a_key_that_stays_in_its_vault_loses_nothing() -> None:
    """The account is still bound to it."""
    known = account()
    known["inputs"] = {**known["inputs"], "kind": "TextTranslation"}
    kept = {**KEPT, "retainOnDelete": True}
    steps = [*replaced(bound(), ACCOUNT, same(ACCOUNT, "a", known)), step("replace", KEY, "k", kept, kept)]
    found = verdicts(*steps)
    assert "key-replaced" in found
    assert "data-deleted" not in found


def test_a_purge_is_a_loss_of_data_once() -> None:
    """When it is carried out; not while it stays in the state, nor when it leaves it."""
    inputs = {"accountId": "/subscriptions/s/x/lang", "location": "westeurope", "deletionDate": "monday"}
    purge = state(inputs, inputs, id="/subscriptions/s/x/lang")
    assert verdicts(*bound(), step("create", PURGE, "p", None, purge)) == ["data-deleted"]
    assert verdicts(*bound(), same(PURGE, "p", purge)) == []
    assert verdicts(*bound(), step("delete", PURGE, "p", purge)) == []


def test_a_revocation_deletes_data_whatever_grants_the_preview_shows() -> None:
    """It takes access away at once, also where a grant stays declared."""
    known = account()
    known["inputs"] = {**known["inputs"], "kind": "AIServices"}
    inputs = {"keyId": f"{VAULT_ID}/keys/key", "principalId": PRINCIPAL}
    steps = replaced(bound(), ACCOUNT, same(ACCOUNT, "a", known))
    assert "data-deleted" in verdicts(
        *steps, step("create", REVOCATION, "r", None, state(inputs, {}, id="x"))
    )
