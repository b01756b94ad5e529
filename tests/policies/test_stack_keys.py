"""Rules on stacks: every account has its key, and what opens it is granted before; in a preview and after."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
)
from tests.policies.bags import account_props, role_props, with_change
from tests.policies.editing import STACKS, both, bound, change, every, says, with_prop, without
from tests.policies.stacks import ACCOUNT_ID, CLIENT, one_phase, run, two_phases


@every
def test_a_right_stack_is_let_through(name: str) -> None:
    """Nothing is refused; in an update, where all is known, nothing is left open either."""
    answers = run(STACKS[name]())
    assert [answer for answer in answers if not answer.open] == []
    assert "preview" in name or answers == []


@every
def test_in_a_preview_only_what_azure_makes_up_stays_open(name: str) -> None:
    """The relations are all decided by dependency; a key's version and a role's id have yet to be made."""
    open_rules = {answer.rule for answer in run(STACKS[name]()) if answer.open}
    roles = {"role-least-privilege", "grant-present"} if "roles" in name else set()
    assert open_rules <= {"cmk-complete", "cmk-no-versionless"} | roles


@every
def test_the_order_of_resources_does_not_matter(name: str) -> None:
    """A stack shown backwards gets the same answers."""
    stack = STACKS[name]()
    stack = change(stack, "vault", props=with_change(stack["vault"].props, "location", "northeurope"))
    backwards = dict(reversed(stack.items()))
    assert sorted(map(str, run(stack))) == sorted(map(str, run(backwards)))


@bound
def test_an_account_without_a_binding_is_refused(name: str) -> None:
    """Also when Azure says that it is bound: the program must keep it so."""
    assert says(without(STACKS[name](), "binding"), "account-has-customer-key") == "violation"


@both
def test_an_account_with_microsofts_key_is_refused(preview: bool) -> None:
    """keySource Microsoft.CognitiveServices is no customer key."""
    stack = one_phase(preview=preview)
    stack = with_prop(stack, "account", "properties.encryption.keySource", "Microsoft.CognitiveServices")
    assert says(stack, "account-has-customer-key") == "violation"
    stack = with_prop(stack, "account", "properties.encryption.keySource", "microsoft.keyVault")
    assert says(stack, "account-has-customer-key") == "pass"


def test_a_binding_without_a_known_account_leaves_accounts_open() -> None:
    """It may be any account's, so neither pass nor refusal would be true."""
    stack = with_prop(two_phases(), "binding", "accountId", UNKNOWN_TEXT)
    stack = change(stack, "binding", property_dependencies={})
    assert says(stack, "account-has-customer-key") == "open"
    assert says(stack, "one-writer") == "open"


def test_a_binding_of_another_account_does_not_count() -> None:
    """The account without a binding is refused though another has one."""
    stack = two_phases()
    second = with_change(account_props(), "id", ACCOUNT_ID + "2")
    stack["second"] = Thing("second", ACCOUNT, second)
    answers = [one for one in run(stack) if one.rule == "account-has-customer-key"]
    assert [one.urn for one in answers] == [stack["second"].urn]


def test_excluded_kinds_need_no_key() -> None:
    """Kinds are compared without case."""
    stack = without(two_phases(), "binding")
    pack = Pack({"account-has-customer-key": {"excludedKinds": ["textanalytics"]}})
    assert says(stack, "account-has-customer-key", pack) == "pass"


def test_an_account_that_is_only_read_is_not_judged() -> None:
    """It belongs to another program, and its inputs never came by."""
    pack = Pack()
    stack = without(two_phases(), "binding")
    pack.ask(stack["group"])
    assert pack.ask_stack(list(without(stack, "audit").values())) == []


@every
def test_a_key_bound_without_waiting_for_its_grant_is_refused(name: str) -> None:
    """The writer of the key must depend on the grant, in every mode."""
    writer = "account" if "one phase" in name else "binding"
    stack = change(STACKS[name](), writer, depends_on=["vault"])
    assert says(stack, "bound-after-grant") == "violation"


@bound
def test_waiting_through_another_resource_counts(name: str) -> None:
    """A dependency on something that depends on the grant is order enough."""
    stack = STACKS[name]()
    stack["pause"] = Thing("pause", "time:index:Sleep", depends_on=["grant"])
    assert says(change(stack, "binding", depends_on=["pause"]), "bound-after-grant") == "pass"


@every
def test_a_missing_grant_is_refused(name: str) -> None:
    """No access policy and no role assignment for the identity that opens the key."""
    stack = without(STACKS[name](), "grant")
    assert says(stack, "grant-present") == "violation"
    assert says(stack, "bound-after-grant") == "pass"


@every
@pytest.mark.parametrize(("access", "verdict"), [("revoked", "pass"), ("granted", "violation")])
def test_a_grant_taken_away_on_purpose_is_not_missing(name: str, access: str, verdict: str) -> None:
    """Where the component around it says that access is revoked, and only there."""
    stack = without(STACKS[name](), "grant")
    service = {"service": Thing("service", "acme:index:Service", {"access": access})}
    writer = "binding" if "binding" in stack else "account"
    stack = change({**service, **stack}, writer, parent="service")
    assert says(stack, "grant-present") == verdict


def test_a_grant_that_goes_need_not_come_before_its_binding() -> None:
    """A preview still shows the grant that a revocation deletes, and the binding no longer waits for it."""
    stack = change(two_phases(), "binding", depends_on=[], parent="service")
    assert (
        says({"service": Thing("service", "acme:index:Service", {}), **stack}, "bound-after-grant") != "pass"
    )
    said = Thing("service", "acme:index:Service", {"access": "revoked"})
    assert says({"service": said, **stack}, "bound-after-grant") == "pass"


def test_a_grant_to_someone_else_does_not_count() -> None:
    """Where both principals are known they decide, whatever the dependencies."""
    stack = with_prop(two_phases(), "grant", "policy.objectId", "99999999-9999-9999-9999-999999999999")
    assert says(stack, "grant-present") == "violation"
    preview = change(two_phases(preview=True), "grant", property_dependencies={"vaultName": ["vault"]})
    assert says(preview, "grant-present") == "violation"


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


def test_encryption_that_is_not_known_leaves_an_account_open() -> None:
    """The program states encryption that only the update will know."""
    stack = one_phase(preview=True)
    for path in ("properties.encryption", "properties.encryption.keySource"):
        value = UNKNOWN_OBJECT if path.endswith("encryption") else UNKNOWN_TEXT
        assert says(with_prop(stack, "account", path, value), "account-has-customer-key") == "open"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"unbindAccount": "LANG-one"}, "pass"),
        ({"unbindAccount": "lang-two"}, "violation"),
        ({"unbindAccount": UNKNOWN_TEXT}, "violation"),
        ({"replaceAccount": "lang-one"}, "violation"),
        ({}, "violation"),
    ],
)
@both
def test_an_account_may_be_unbound_on_purpose(preview: bool, said: dict[str, Any], expected: str) -> None:
    """By the service's setting, which names the account, and by no other."""
    stack = without(two_phases(preview=preview), "binding")
    service = Thing("service", "language-cmk:index:EncryptedLanguageService", said)
    stack = {"service": service, **change(stack, "account", parent="service")}
    assert says(stack, "account-has-customer-key") == expected
