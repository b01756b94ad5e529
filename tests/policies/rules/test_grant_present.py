"""grant-present: the identity that uses a key is granted what it needs, in the model that its vault uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core import roles
from tests.policies.asking import ROLE, UNKNOWN_FLAG, UNKNOWN_LIST, UNKNOWN_TEXT, VERSION, Thing
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID, role_props
from tests.policies.editing import STACKS, both, change, every, says, told, with_prop, without
from tests.policies.stacks import CLIENT, one_phase, two_phases

COMPONENT = "language-cmk:index:EncryptedAIServicesAccount"


@every
def test_a_missing_grant_is_refused(name: str) -> None:
    """No access policy and no role assignment for the identity that uses the key."""
    stack = without(STACKS[name](), "grant")
    assert says(stack, "grant-present") == "violation"
    assert says(stack, "bound-after-grant") == "pass"


@every
@pytest.mark.parametrize(("access", "verdict"), [("revoked", "pass"), ("granted", "violation")])
def test_a_grant_taken_away_on_purpose_is_not_missing(name: str, access: str, verdict: str) -> None:
    """Where the component around it says that access is revoked, and only there."""
    stack = without(STACKS[name](), "grant")
    service = {"service": Thing("service", COMPONENT, {"access": access})}
    writer = "binding" if "binding" in stack else "account"
    stack = change({**service, **stack}, writer, parent="service")
    assert says(stack, "grant-present") == verdict


def test_a_grant_to_someone_else_does_not_count() -> None:
    """Where both principals are known they decide, whatever the dependencies."""
    stack = with_prop(two_phases(), "grant", "policy.objectId", "99999999-9999-9999-9999-999999999999")
    assert says(stack, "grant-present") == "violation"
    preview = change(two_phases(preview=True), "grant", property_dependencies={"vaultName": ["vault"]})
    assert says(preview, "grant-present") == "violation"


@pytest.mark.parametrize("roles", [False, True])
def test_an_identity_that_was_made_anew_asks_for_a_refresh(roles: bool) -> None:
    """The program grants to the identity that the account has now, and the state has the former one: what
    comes from the account is for another than the account's."""
    anew = "99999999-9999-9999-9999-999999999999"
    property, source = ("principalId", "principalId") if roles else ("policy.objectId", "policy")
    stack = with_prop(two_phases(roles=roles), "grant", property, anew)
    stack = change(stack, "grant", property_dependencies={source: ["account"]})
    assert f"is for {anew}" in told(stack, "grant-present")
    assert "run `pulumi refresh`" in told(stack, "grant-present")


def test_a_grant_on_another_vault_does_not_count() -> None:
    """The vault of the grant must be the vault of the key."""
    stack = with_prop(two_phases(), "grant", "vaultName", "kv-two")
    stack = change(stack, "grant", property_dependencies={"policy": ["account"]})
    assert says(stack, "grant-present") == "violation"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["get", "wrapKey", "unwrapKey"], "pass"),
        (["get", "wrapKey"], "violation"),
        (["get"], "violation"),
        (["get", "wrapKey", "unwrapKey", "sign"], "violation"),
        (UNKNOWN_LIST, "open"),
    ],
)
@both
def test_the_accounts_grant_is_exact(preview: bool, keys: Any, expected: str) -> None:
    """What the account's own identity holds is exactly what the service needs."""
    stack = with_prop(two_phases(preview=preview), "grant", "policy.permissions.keys", keys)
    assert says(stack, "grant-present") == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("e147488a-f6f5-4113-8e2d-b22465e65bf6", "pass"),
        ("14b46e9e-c2b7-41b4-b07b-48a6ebf60603", "violation"),
        ("00000000-0000-0000-0000-000000000001", "open"),
        (UNKNOWN_TEXT, "open"),
    ],
)
def test_the_accounts_role_is_the_narrow_one(role: str, expected: str) -> None:
    """A wider role is refused, a role that is not known here is left open."""
    stack = with_prop(two_phases(roles=True), "grant", "roleDefinitionId", role)
    stack = with_prop(stack, "grant", "principalType", "User")
    assert says(stack, "grant-present") == expected


@both
@pytest.mark.parametrize("roles", [True, False])
def test_a_grant_that_the_vault_ignores_is_refused(preview: bool, roles: bool) -> None:
    """Role assignments on a vault with access policies, and the other way round, open nothing."""
    stack = two_phases(preview=preview, roles=roles)
    stack = with_prop(stack, "vault", "properties.enableRbacAuthorization", not roles)
    assert says(stack, "grant-present") == "violation"
    stack = with_prop(stack, "vault", "properties.enableRbacAuthorization", UNKNOWN_FLAG)
    assert says(stack, "grant-present") == "open"


def test_inline_policies_are_grants_too() -> None:
    """A user-assigned identity can be granted access in the vault itself."""
    stack = one_phase()
    entry = stack["grant"].props["policy"]
    stack = without(stack, "grant")
    stack = with_prop(stack, "vault", "properties.accessPolicies", [entry])
    stack = change(stack, "account", depends_on=["vault"])
    assert says(stack, "grant-present") == "pass"
    assert says(stack, "bound-after-grant") == "pass"


def test_an_identity_of_another_stack_is_said_to_be_open() -> None:
    """Its grants cannot be known here."""
    assert says(without(one_phase(), "identity", "grant"), "grant-present") == "open"
    assert says(without(two_phases(), "account", "grant"), "grant-present") == "open"


def test_a_bindings_user_assigned_identity_is_found_by_client_id() -> None:
    """With identityClientId, the grant must be for that identity, not for the account's own."""
    stack = two_phases()
    stack["identity"] = Thing(
        "identity", one_phase()["identity"].type, {"clientId": CLIENT, "principalId": "p2"}
    )
    stack = with_prop(stack, "binding", "identityClientId", CLIENT.upper())
    assert says(stack, "grant-present") == "violation"
    stack = with_prop(stack, "grant", "policy.objectId", "p2")
    assert says(stack, "grant-present") == "pass"


def test_a_role_at_an_unrelated_scope_is_no_grant() -> None:
    """A role on another vault does not open this one."""
    stack = two_phases(roles=True)
    scope = role_props()["scope"].replace("kv-one", "kv-two")
    assert says(with_prop(stack, "grant", "scope", scope), "grant-present") == "violation"


@pytest.mark.parametrize(
    ("roles", "words"), [(True, "uses access policies"), (False, "uses role assignments")]
)
def test_the_model_that_the_vault_uses_is_named(roles: bool, words: str) -> None:
    """And with it the kind of grant that is wanted."""
    stack = with_prop(two_phases(roles=roles), "vault", "properties.enableRbacAuthorization", not roles)
    assert words in told(stack, "grant-present")


@pytest.mark.parametrize(
    ("role", "words"),
    [("1" * 8 + "-1111" * 3 + "-" + "1" * 12, "the role 1111"), ("odd", "the role it assigns")],
)
def test_a_role_that_is_not_known_here_is_named(role: str, words: str) -> None:
    """By its id where it has one."""
    assert words in told(
        with_prop(two_phases(roles=True), "grant", "roleDefinitionId", role), "grant-present"
    )


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("e147488a-f6f5-4113-8e2d-b22465e65bf6", "pass"),
        ("21090545-7ca7-4776-b22c-e363652d74d2", "violation"),
        ("12338af0-0e69-4776-bea7-57ae8d297424", "violation"),
    ],
)
def test_a_role_without_a_condition_is_judged_in_a_first_preview(role: str, expected: str) -> None:
    """A preview does not know the condition that a program leaves out; the role has none."""
    stack = with_prop(two_phases(preview=True, roles=True), "grant", "roleDefinitionId", role)
    assert says(stack, "grant-present", grant=["condition"]) == expected
    conditional = with_prop(stack, "grant", "condition", UNKNOWN_TEXT)
    assert says(conditional, "grant-present") == "open"


def test_a_condition_leaves_a_role_open() -> None:
    """Nobody here knows whether it holds for the account."""
    stack = with_prop(two_phases(roles=True), "grant", "condition", "@Resource[x] StringEquals 'y'")
    assert says(stack, "grant-present") == "open"


def test_what_azure_rbac_grants_gives_nothing_in_a_managed_hsm() -> None:
    """Also the role that a key in a vault would need."""
    uri = f"https://hsm-one.managedhsm.azure.net/keys/cmk/{VERSION}"
    stack = with_prop(without(two_phases(roles=True), "vault"), "binding", "keyUriWithVersion", uri)
    stack = with_prop(stack, "binding", "vaultId", None)
    stack = with_prop(stack, "grant", "scope", GROUP_SCOPE)
    assert says(stack, "grant-present") == "violation"
    assert "nothing in a managed HSM" in told(stack, "grant-present")


@both
def test_a_vault_that_states_no_model_is_undecided(preview: bool) -> None:
    """By API version 2026-02-01 a new one has Azure RBAC, and one that exists stays as it is."""
    omitted = ["properties.enableRbacAuthorization"] if preview else []
    stack = with_prop(
        two_phases(preview=preview, roles=True), "vault", "properties.enableRbacAuthorization", ...
    )
    assert says(stack, "grant-present", vault=omitted) == "open"
    stack = with_prop(two_phases(preview=preview), "vault", "properties.enableRbacAuthorization", ...)
    assert says(stack, "grant-present", vault=omitted) == "open"


GROUP_SCOPE = VAULT_ID.partition("/providers")[0]


@pytest.mark.parametrize(
    ("role", "scope", "expected"),
    [
        (roles.OWNER, GROUP_SCOPE, "violation"),
        (roles.CONTRIBUTOR, "/subscriptions/s1", "violation"),
        (roles.VAULT_CONTRIBUTOR, VAULT_ID, "violation"),
        (roles.CRYPTO_SERVICE_RELEASE_USER, f"{VAULT_ID}/keys/cmk", "violation"),
        (roles.OWNER, "/subscriptions/s1/resourceGroups/another", "pass"),
        (roles.OWNER, "/subscriptions/s2", "pass"),
        (roles.CRYPTO_OFFICER, "/subscriptions/s2", "pass"),
        (roles.READER, GROUP_SCOPE, "pass"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_accounts_identity_holds_nothing_beside_its_exact_role(
    role: roles.Role, scope: str, expected: str
) -> None:
    """Neither on the vault nor above it: what the account can be made to do, its identity would do."""
    stack = two_phases(roles=True)
    more = {**role_props(), "roleDefinitionId": role.id, "scope": scope}
    assert says({**stack, "more": Thing("more", ROLE, more)}, "grant-present") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [("group", "violation"), ("another", "pass"), ("nothing", "open"), ("audit", "pass")],
)
def test_a_group_that_is_not_made_yet_is_told_from_another(source: str, expected: str) -> None:
    """By where the scope comes from; where that says nothing, it is told."""
    stack = with_prop(two_phases(preview=True, roles=True), "grant", "roleDefinitionId", ENCRYPTION_USER)
    stack["another"] = replace(stack["group"], name="another")
    more = {
        **role_props(),
        "roleDefinitionId": roles.OWNER.id,
        "scope": UNKNOWN_TEXT,
        "principalId": UNKNOWN_TEXT,
    }
    stack["more"] = Thing(
        "more", ROLE, more, property_dependencies={"scope": [source], "principalId": ["account"]}
    )
    assert says(stack, "grant-present") == expected


def test_a_vault_of_another_stack_may_be_below_a_group() -> None:
    """Nothing here tells in which group it is; that is told."""
    stack = without(two_phases(roles=True), "vault", "key", "version", "audit")
    stack = change(stack, "binding", property_dependencies={"accountId": ["account"]})
    more = {**role_props(), "roleDefinitionId": roles.OWNER.id, "scope": "/subscriptions/s1/resourceGroups/x"}
    assert says(stack, "grant-present") == "pass"
    assert says({**stack, "more": Thing("more", ROLE, more)}, "grant-present") == "open"
