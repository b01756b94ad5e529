"""Rules on grants: access policies inline, standalone and as ARM's child resource, and role assignments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCESS_POLICY,
    GENERIC,
    ROLE,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VAULT,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID, policy_props, role_props, vault_props, with_change
from tests.policies.editing import around, judged
from tests.policies.stacks import run

ADMIN = "55555555-5555-5555-5555-555555555555"


def entry(permissions: Any, object_id: Any = ADMIN) -> dict[str, Any]:
    return {"objectId": object_id, "tenantId": "t", "permissions": permissions}


def shapes(permissions: Any, object_id: Any = ADMIN) -> list[Thing]:
    """One entry in each of the places where ARM and azure-native take it."""
    one = entry(permissions, object_id)
    child = {"parentResourcePath": "vaults/kv-one", "resourceProviderNamespace": "microsoft.keyvault"}
    return [
        Thing("standalone", ACCESS_POLICY, {"vaultName": "kv-one", "policy": one}),
        Thing("inline", VAULT, with_change(vault_props(), "properties.accessPolicies", [one])),
        Thing(
            "child",
            GENERIC,
            {**child, "resourceType": "accessPolicies", "properties": {"accessPolicies": [one]}},
        ),
    ]


BROAD_CASES = [
    ({"keys": ["get", "wrapKey", "unwrapKey"]}, "pass"),
    ({"keys": ["All"]}, "violation"),
    ({"keys": ["get", "Purge"]}, "violation"),
    ({"secrets": ["purge"]}, "violation"),
    ({"certificates": [secret("all")]}, "violation"),
    ({"storage": ["ALL"]}, "violation"),
    ({"keys": "all"}, "violation"),
    ({"keys": []}, "pass"),
    ({"keys": None}, "pass"),
    ({}, "pass"),
    (None, "pass"),
    ({"keys": UNKNOWN_LIST}, "open"),
    ({"keys": ["get", UNKNOWN_TEXT]}, "open"),
    ({"keys": UNKNOWN_LIST, "secrets": ["all"]}, "violation"),
    (UNKNOWN_OBJECT, "open"),
]


@pytest.mark.parametrize(("permissions", "expected"), BROAD_CASES)
def test_nobody_holds_everything_or_purge(permissions: Any, expected: str) -> None:
    """All and purge are refused in each group and each shape; what is not known is said to be open."""
    for thing in shapes(permissions):
        assert judged("vault-no-broad-grants", thing) == expected, thing.name


EXACT_CASES = [
    ({"keys": ["get", "wrapKey", "unwrapKey"]}, "pass"),
    ({"keys": ["UnwrapKey", "GET", "wrapkey"]}, "pass"),
    ({"keys": ["get", "get", "wrapKey", "unwrapKey"], "secrets": [], "storage": None}, "pass"),
    ({"keys": ["get", "wrapKey", "unwrapKey", "list"]}, "violation"),
    ({"keys": ["get", "wrapKey"]}, "violation"),
    ({"keys": ["wrapKey", "unwrapKey"]}, "violation"),
    ({"keys": ["all"]}, "violation"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "secrets": ["get"]}, "violation"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "certificates": ["list"]}, "violation"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "storage": ["get"]}, "violation"),
    ({"keys": ["get", "list", "create"]}, "pass"),
    ({"secrets": ["get", "list"]}, "pass"),
    (None, "pass"),
    ({"keys": UNKNOWN_LIST}, "open"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "secrets": UNKNOWN_LIST}, "open"),
    (UNKNOWN_OBJECT, "open"),
]


@pytest.mark.parametrize(("permissions", "expected"), EXACT_CASES)
def test_who_uses_a_key_holds_exactly_three_permissions(permissions: Any, expected: str) -> None:
    """An entry that can wrap or unwrap is judged; others manage keys or secrets and are left alone."""
    for thing in shapes(permissions):
        assert judged("grant-exact", thing) == expected, thing.name


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["wrapKey", "sign"], "holds on keys: sign, wrapKey (missing get, unwrapKey)\n"),
        (["all"], "holds on keys: all\n"),
        (["get", "wrapKey", "unwrapKey", "list"], "holds on keys: get, list, unwrapKey, wrapKey\n"),
    ],
)
def test_a_wrong_grant_is_told_in_azures_spelling(keys: list[str], words: str) -> None:
    """What is held, and what of the three is missing."""
    props = with_change(policy_props(), "policy.permissions.keys", keys)
    answers = run(around(Thing("p", ACCESS_POLICY, props)))
    assert words in next(answer.message for answer in answers if answer.rule == "grant-exact")


@pytest.mark.parametrize("policy", [UNKNOWN_OBJECT, UNKNOWN_TEXT])
def test_an_unknown_policy_is_left_open(policy: str) -> None:
    """A policy of which nothing is known is neither refused nor passed."""
    answers = run(around(Thing("p", ACCESS_POLICY, {"vaultName": "v", "policy": policy})))
    assert {verdict(answers, rule) for rule in ("grant-exact", "vault-no-broad-grants")} == {"open"}


def test_an_unknown_holder_does_not_hide_too_much() -> None:
    """The holder's id is unknown in a first preview; the permissions are judged all the same."""
    props = with_change(policy_props(), "policy.objectId", UNKNOWN_TEXT)
    assert judged("grant-exact", Thing("p", ACCESS_POLICY, props)) == "pass"
    props = with_change(props, "policy.permissions.keys", ["all"])
    assert judged("grant-exact", Thing("p", ACCESS_POLICY, props)) == "violation"


def test_administrators_are_named_and_may_hold_more() -> None:
    """An object id in `administrators`, in any case, may hold more than the three; never all or purge."""
    pack = Pack({"grant-exact": {"administrators": [ADMIN.upper()]}})
    for thing in shapes({"keys": ["get", "wrapKey", "create", "purge"]}):
        answers = run(around(thing), pack)
        assert verdict(answers, "grant-exact") == "pass"
        assert verdict(answers, "vault-no-broad-grants") == "violation"


OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
ROLE_CASES = [
    ({}, "pass"),
    ({"scope": VAULT_ID}, "pass"),
    ({"scope": VAULT_ID.upper() + "/KEYS/CMK/"}, "pass"),
    ({"roleDefinitionId": "e147488a-f6f5-4113-8e2d-b22465e65bf6"}, "pass"),
    ({"roleDefinitionId": f"{VAULT_ID}{ENCRYPTION_USER}".upper()}, "pass"),
    ({"scope": "/subscriptions/s1"}, "violation"),
    ({"scope": "/subscriptions/s1/resourceGroups/rg"}, "violation"),
    (
        {"scope": "/subscriptions/s1/resourceGroups/rg", "roleDefinitionId": ENCRYPTION_USER.upper()},
        "violation",
    ),
    ({"scope": f"{VAULT_ID}/secrets/x"}, "violation"),
    ({"scope": ...}, "violation"),
    ({"scope": None}, "violation"),
    ({"scope": UNKNOWN_TEXT}, "open"),
    ({"principalType": "serviceprincipal"}, "pass"),
    ({"principalType": "User"}, "violation"),
    ({"principalType": ...}, "violation"),
    ({"principalType": UNKNOWN_TEXT}, "open"),
    ({"principalId": UNKNOWN_TEXT}, "pass"),
    ({"roleDefinitionId": UNKNOWN_TEXT}, "open"),
    ({"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{OFFICER}"}, "violation"),
    ({"roleDefinitionId": OFFICER, "principalType": "User"}, "pass"),
    ({"roleDefinitionId": OFFICER, "principalType": ...}, "open"),
    ({"roleDefinitionId": OFFICER, "principalType": UNKNOWN_TEXT}, "open"),
    ({"roleDefinitionId": "00000000-0000-0000-0000-000000000000", "scope": "/"}, "pass"),
    ({"roleDefinitionId": None}, "pass"),
    ({"roleDefinitionId": ["x"]}, "pass"),
]


@pytest.mark.parametrize(("changes", "expected"), ROLE_CASES)
def test_a_service_reaches_keys_through_the_narrowest_role(changes: dict[str, Any], expected: str) -> None:
    """Crypto Service Encryption User on one vault or key, as ServicePrincipal; flat or as ARM nests it."""
    props = role_props()
    for name, value in changes.items():
        props = with_change(props, name, value)
    assert judged("role-least-privilege", Thing("r", ROLE, props)) == expected
    nested = {"scope": props.pop("scope", None), "properties": props}
    assert judged("role-least-privilege", Thing("r", ROLE, nested)) == expected


def test_a_pipeline_that_manages_keys_is_named() -> None:
    """A service principal in `administrators` may hold a wider role."""
    thing = Thing("r", ROLE, {**role_props(), "roleDefinitionId": OFFICER, "principalId": ADMIN})
    assert judged("role-least-privilege", thing) == "violation"
    named = Pack({"role-least-privilege": {"administrators": [ADMIN]}})
    assert verdict(run(around(thing), named), "role-least-privilege") == "pass"
