"""What happens to the access that an account has to its key, in hand-made previews."""

from __future__ import annotations

import pytest

from tests.review.build import (
    ACCOUNT,
    GROUP,
    INLINE,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    Step,
    account,
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
IDENTITY_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"


def test_a_vaults_own_list_that_drops_an_entry_revokes_access() -> None:
    """A vault's accessPolicies replace what a resource of its own has given."""
    entry = {"objectId": PRINCIPAL, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    written = step("update", VAULT, "v", vault(accessPolicies=[entry]), vault(accessPolicies=[]))
    assert verdicts(*replaced(bound(), VAULT, written)) == ["access-revoked"]


def test_fewer_permissions_than_the_service_needs_revoke_access() -> None:
    """Without unwrapKey the data cannot be read."""
    fewer = step("update", POLICY, "p", policy("get", "wrapKey", "unwrapKey"), policy("get"))
    assert verdicts(*replaced(bound(), POLICY, fewer)) == ["access-revoked"]


def test_more_permissions_than_the_service_needs_widen_access() -> None:
    """delete and purge are nothing the service needs."""
    wider = policy("get", "wrapKey", "unwrapKey", "purge")
    written = step("update", POLICY, "p", policy("get", "wrapKey", "unwrapKey"), wider)
    assert verdicts(*replaced(bound(), POLICY, written)) == ["access-widened"]


def test_a_role_on_the_resource_group_counts_as_access() -> None:
    """A role assignment counts for everything below its scope, so taking the policy away revokes nothing."""
    role = state(
        {
            "scope": GROUP,
            "principalId": PRINCIPAL,
            "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6",
        }
    )
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(ROLE, "r", role)) == []


def test_access_to_another_vault_is_no_access() -> None:
    """A grant on another vault does not make up for the one that goes."""
    elsewhere = policy("get", "wrapKey", "unwrapKey")
    elsewhere["inputs"] = {**elsewhere["inputs"], "vaultName": "other"}
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(POLICY, "q", elsewhere)) == ["access-revoked"]


def test_a_role_on_another_key_is_no_access() -> None:
    """A role at the scope of one key counts for that key alone."""
    role = state(
        {
            "scope": f"{VAULT_ID}/keys/other",
            "principalId": PRINCIPAL,
            "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6",
        }
    )
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(ROLE, "r", role)) == ["access-revoked"]


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


def test_an_unknown_identity_is_not_taken_for_a_lost_one() -> None:
    """Only what the preview says is said."""
    after = account()
    after["inputs"]["identity"] = UNKNOWN
    made = review(
        *replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", account(encryption=INLINE), after))
    )
    assert "identity-lost" not in [one.verdict.name.value for row in made.rows for one in row.verdicts]


def test_a_vault_that_looks_at_role_assignments_ignores_access_policies() -> None:
    """The preview shows one flag of the vault; what it takes away is all access to the data."""
    before, after = vault(enableRbacAuthorization=False), vault(enableRbacAuthorization=True)
    steps = replaced(bound(), VAULT, step("update", VAULT, "v", before, after))
    assert verdicts(*steps) == ["access-revoked"]
    role = state({"scope": VAULT_ID, "principalId": PRINCIPAL, "roleDefinitionId": ENCRYPTION_USER})
    assert verdicts(*steps, step("create", ROLE, "r", None, role)) == []
    hidden = step("update", VAULT, "v", before, vault(enableRbacAuthorization="[secret]"))
    assert verdicts(*replaced(bound(), VAULT, hidden)) == ["undetermined"]


def test_a_vault_that_no_longer_says_its_model_looks_at_access_policies() -> None:
    """That is what a write without it means, so a role assignment opens nothing any more."""
    role = state({"scope": VAULT_ID, "principalId": PRINCIPAL, "roleDefinitionId": ENCRYPTION_USER})
    written = step("update", VAULT, "v", vault(enableRbacAuthorization=True), vault())
    steps = [one for one in replaced(bound(), VAULT, written) if POLICY not in one["urn"]]
    assert verdicts(*steps, same(ROLE, "r", role)) == ["access-revoked"]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (f"{ROLES}21090545-7ca7-4776-b22c-e363652d74d2", "access-revoked access-widened"),
        (f"{ROLES}acdd72a7-3385-48ef-bd42-f606fba81ae7", "access-revoked"),
        (f"{ROLES}11111111-2222-4333-8444-555555555555", "undetermined"),
        (UNKNOWN, "undetermined"),
        ("[secret]", "undetermined"),
    ],
)
def test_a_role_that_is_not_known_is_not_taken_for_the_one_it_replaces(role: str, expected: str) -> None:
    """Whether another role still lets the service use the key, a person must say."""
    facts = {"scope": VAULT_ID, "principalId": PRINCIPAL}
    old, new = (state({**facts, "roleDefinitionId": one}) for one in (ENCRYPTION_USER, role))
    steps = [one for one in bound() if POLICY not in one["urn"]]
    assert verdicts(*steps, step("update", ROLE, "r", old, new)) == expected.split()


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
