"""Through which identity an account uses its key, and what becomes of that identity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.review.build import (
    ACCOUNT,
    BINDING,
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

EXACT = ("get", "wrapKey", "unwrapKey")
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
IDENTITY_ID, SECOND = (
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in "xy"
)


@pytest.mark.parametrize("outputs", [{"identity": {"principalId": UNKNOWN}}, {"identity": UNKNOWN}, {}])
def test_an_update_that_does_not_know_the_identity_yet_leaves_it_as_it_is(outputs: dict[str, Any]) -> None:
    """What the cloud said before an update holds until it says something else, at any depth."""
    changed = {**account(), "outputs": outputs}
    steps = replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", account(), changed))
    gone = step("delete", POLICY, "p", policy(*EXACT))
    assert "access-revoked" in verdicts(*replaced(steps, POLICY, gone))
    assert not {"access-revoked", "undetermined"} & set(verdicts(*steps))


def attached(client: str = "c1", *ids: str) -> Step:
    """An account with an identity of its own and another one, which opens its key."""
    inline: dict[str, Any] = {
        **INLINE,
        "keyVaultProperties": {**INLINE["keyVaultProperties"], "identityClientId": client},  # type: ignore[dict-item]
    }
    made, listed = account(type="SystemAssigned, UserAssigned", encryption=inline), ids or (IDENTITY_ID,)
    made["inputs"]["identity"]["userAssignedIdentities"] = [*listed]
    facts = {"principalId": "p1", "clientId": "C1"}
    made["outputs"]["identity"]["userAssignedIdentities"] = dict.fromkeys(listed, facts)
    return made


OTHER = state({"resourceName": "x"}, {"principalId": "p1", "clientId": "c1"}, id=IDENTITY_ID)


@pytest.mark.parametrize(
    ("client", "expected"), [("c1", ["access-revoked"]), ("c2", []), ("[secret]", []), (UNKNOWN, [])]
)
def test_only_the_identity_that_opens_the_key_needs_access(client: str, expected: list[str]) -> None:
    """Access of the account's other identity does not make up for it; where none is known any may."""
    steps = [same(ACCOUNT, "a", attached(client)), same(IDENTITY, "i", OTHER), same(VAULT, "v", vault())]
    own = same(POLICY, "own", policy(*EXACT))
    gone = step("delete", POLICY, "p", policy(*EXACT, principal="p1"))
    assert verdicts(*steps, own, gone) == expected


def test_a_user_assigned_identity_by_which_the_key_is_used_is_lost() -> None:
    """Taken away, the account loses its key; one more beside it changes nothing."""
    one, both = attached("c1", IDENTITY_ID), attached("c1", IDENTITY_ID, SECOND)
    assert verdicts(step("update", ACCOUNT, "a", both, one)) == ["identity-lost"]
    assert verdicts(step("update", ACCOUNT, "a", one, both)) == []


@pytest.mark.parametrize(("op", "word"), [("delete", "DELETED"), ("replace", "REPLACED")])
def test_an_identity_that_goes_is_lost_though_the_account_lists_it(op: str, word: str) -> None:
    """The account's inputs may hold the id as a text, and then do not change."""
    grant = same(POLICY, "p", policy(*EXACT, principal="p1"))
    gone = step(op, IDENTITY, "i", OTHER, None if op == "delete" else state({"resourceName": "y"}))
    made = review(same(ACCOUNT, "a", attached()), gone, same(VAULT, "v", vault()), grant)
    (verdict,) = (one.verdict for one in made.rows[0].verdicts)
    assert (verdict.name.value, word in verdict.words) == ("identity-lost", True)


def test_an_identity_that_opens_nothing_may_go() -> None:
    """The key is opened by the account's own identity where it names no other."""
    grant, gone = same(POLICY, "p", policy(*EXACT)), step("delete", IDENTITY, "i", OTHER)
    assert verdicts(same(ACCOUNT, "a", attached("")), gone, grant) == []


@pytest.mark.parametrize(
    ("type", "expected"), [("azure-native:keyvault/v20260201:Vault", ["access-revoked"]), (VAULT, [])]
)
def test_a_vault_that_no_longer_states_its_model(type: str, expected: list[str]) -> None:
    """By API version 2026-02-01 it goes on using roles, and an access policy in the place of the role gives
    nothing; by older versions that meant access policies."""
    role = f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6"
    facts = {"scope": VAULT_ID, "principalId": PRINCIPAL, "roleDefinitionId": role}
    before = vault(enableRbacAuthorization=True)
    steps = [
        same(ACCOUNT, "a", account()),
        step("update", type, "v", before, {**vault(), "outputs": before["outputs"]}),
        step("delete", ROLE, "r", state(facts, {}, id="role")),
        step("create", POLICY, "p", None, policy(*EXACT)),
        same(BINDING, "b", binding()),
    ]
    assert verdicts(*steps) == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (policy("get", "unwrapKey"), ["access-narrowed"]),
        (policy("get", "wrapKey"), ["access-revoked"]),
        (policy(*EXACT), []),
        (policy("all"), ["access-widened"]),
    ],
)
def test_rights_reduced_in_place_are_seen_though_the_vaults_list_has_the_old_ones(
    after: Step, expected: list[str]
) -> None:
    """The vault as it was found lists what the policy gave before the update."""
    entry = {"objectId": PRINCIPAL, "permissions": {"keys": [*EXACT]}}
    listed = {**vault(), "outputs": vault(accessPolicies=[entry])["outputs"]}
    steps = replaced(bound(), POLICY, step("update", POLICY, "p", policy(*EXACT), after))
    assert verdicts(*replaced(steps, VAULT, same(VAULT, "v", listed))) == expected


def test_an_account_of_another_stack_may_lose_data_with_its_vault() -> None:
    """Of a binding alone, nothing shows the kind of its account."""
    found = verdicts(step("delete", VAULT, "v", vault()), same(BINDING, "b", binding()))
    assert set(found) == {"vault-deleted", "data-deleted"}
