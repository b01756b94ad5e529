"""role-least-privilege: a service reaches keys through the narrowest role, on one vault or key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core import roles
from tests.policies.asking import KEY, ROLE, UNKNOWN_TEXT, Pack, Thing, verdict
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID, key_props, role_props, with_change
from tests.policies.editing import around, judged, says, with_prop
from tests.policies.stacks import Stack, run, two_phases

RULE = "role-least-privilege"
OTHER_VAULT = VAULT_ID.replace("kv-one", "kv-two")
ADMIN = "55555555-5555-5555-5555-555555555555"


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


GROUP_SCOPE = VAULT_ID.partition("/providers")[0]
OVER_VAULT = [
    roles.OWNER,
    roles.CONTRIBUTOR,
    roles.VAULT_CONTRIBUTOR,
    roles.USER_ACCESS_ADMINISTRATOR,
    roles.CRYPTO_SERVICE_RELEASE_USER,
]


def stranger(role: roles.Role, scope: str, **more: Any) -> Stack:
    """A role of somebody else's beside the account's own."""
    props = {**role_props(), "roleDefinitionId": role.id, "scope": scope, "principalId": ADMIN, **more}
    return {**two_phases(roles=True), "stranger": Thing("stranger", ROLE, props)}


@pytest.mark.parametrize("role", OVER_VAULT, ids=lambda role: role.name)
@pytest.mark.parametrize("scope", [VAULT_ID, f"{VAULT_ID}/keys/cmk"])
def test_a_stranger_who_can_take_the_key_away_is_refused(role: roles.Role, scope: str) -> None:
    """On the account's vault or key, a service principal that is not named: it may change or delete the
    vault, give others access, or release the key."""
    assert says(stranger(role, scope), RULE) == "violation"
    assert says(stranger(role, scope, principalType="User"), RULE) == "pass"
    named = Pack({RULE: {"administrators": [ADMIN]}})
    assert says(stranger(role, scope), RULE, named) == "pass"
    assert says(stranger(role, OTHER_VAULT), RULE) == "pass"


@pytest.mark.parametrize("role", OVER_VAULT, ids=lambda role: role.name)
def test_a_role_above_the_vault_is_told(role: roles.Role) -> None:
    """It may be for what else is in the group; one of another group or subscription does not reach the vault,
    one of a management group may."""
    for scope, expected in (
        (GROUP_SCOPE, "open"),
        (GROUP_SCOPE.upper(), "open"),
        ("/subscriptions/s1", "open"),
        ("/providers/Microsoft.Management/managementGroups/all", "open"),
        ("/subscriptions/s1/resourceGroups/another", "pass"),
        ("/subscriptions/s2", "pass"),
    ):
        assert says(stranger(role, scope), RULE) == expected, scope


def test_a_role_that_gives_nothing_over_keys_is_let_through() -> None:
    """Readers, and who manages accounts alone (caller-least-privilege)."""
    for role in (roles.READER, roles.READER_OF_VAULT, roles.COGNITIVE_CONTRIBUTOR):
        assert says(stranger(role, VAULT_ID), RULE) == "pass"


def signer(*sources: str) -> Stack:
    """The first preview of a program in which a signer uses a key of its own in the account's vault."""
    stack = with_prop(two_phases(preview=True, roles=True), "grant", "roleDefinitionId", ENCRYPTION_USER)
    stack = with_prop(stack, "grant", "scope", f"{VAULT_ID}/keys/cmk")
    signing = with_change(with_change(key_props(), "keyName", "signing"), "vaultName", UNKNOWN_TEXT)
    stack["signing"] = Thing("signing", KEY, signing, property_dependencies={"vaultName": ["vault"]})
    props = {**role_props(), "roleDefinitionId": roles.CRYPTO_USER.id, "scope": UNKNOWN_TEXT}
    dependencies = {"scope": list(sources)}
    stack["signer"] = Thing(
        "signer", ROLE, {**props, "principalId": ADMIN}, property_dependencies=dependencies
    )
    return stack


def test_a_signer_with_a_key_of_its_own_in_the_vault() -> None:
    """A scope that is not known yet and comes from the vault may be the signer's own key in it: that is told.
    One that comes from the key is its own, one from the account's key is refused, and so is one from a vault
    that has no other key."""
    for sources, expected in ((["vault"], "open"), (["signing"], "pass"), (["key"], "violation")):
        assert says(signer(*sources), RULE) == expected
    alone = signer("vault")
    del alone["signing"]
    assert says(alone, RULE) == "violation"
    known = with_prop(signer("vault"), "signer", "scope", f"{VAULT_ID}/keys/signing")
    assert says(known, RULE) == "pass"
    assert says(with_prop(known, "signer", "scope", f"{VAULT_ID}/keys/cmk"), RULE) == "violation"


@pytest.mark.parametrize(("source", "expected"), [("group", "open"), ("another", "pass")])
def test_a_group_that_is_not_made_yet_is_known_by_where_it_comes_from(source: str, expected: str) -> None:
    """The vault is in the group of the program that it takes its name from."""
    stack = signer(source)
    stack["another"] = replace(stack["group"], name="another")
    assert says(with_prop(stack, "signer", "roleDefinitionId", roles.OWNER.id), RULE) == expected
