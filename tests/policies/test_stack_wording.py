"""What stack rules say where part of a stack is unknown or elsewhere, and which of two wordings fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    BINDING,
    KEY_URI,
    OTHER_TENANT,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import inline_account_props, with_change
from tests.policies.editing import change, says, with_prop, without
from tests.policies.stacks import Stack, run, two_phases

SHARED = {"one-key-per-account": "mandatory"}


def told(stack: Stack, rule: str) -> str:
    """Everything a rule says of a stack."""
    said = [(one.rule, one.message) for one in run(stack)]
    return "\n".join(text for name, text in said if name == rule or f"\n{rule}: " in text)


@pytest.mark.parametrize(
    ("encryption", "words"),
    [
        (..., "does not ignore its encryption"),
        (UNKNOWN_OBJECT, "does not ignore its encryption"),
        ({"keySource": "Microsoft.CognitiveServices"}, "does not ignore its encryption"),
        ({"keySource": "Microsoft.KeyVault"}, "states a key itself"),
    ],
)
def test_a_second_writer_is_told_from_a_missing_option(encryption: Any, words: str) -> None:
    """Only an account that states a customer's key is said to state one."""
    stack = with_prop(
        change(two_phases(), "account", ignore_changes=()), "account", "properties.encryption", encryption
    )
    assert words in told(stack, "one-writer")


def test_a_missing_log_is_told_from_a_useless_one() -> None:
    """No setting, or none that records."""
    stack = two_phases()
    assert "has no diagnostic setting\n" in told(without(stack, "audit"), "vault-audited")
    useless = with_prop(stack, "audit", "logs", [])
    assert "has no diagnostic setting that records audit events\n" in told(useless, "vault-audited")


def test_policies_made_apart_are_counted() -> None:
    """One is, two are."""
    stack = with_prop(two_phases(), "vault", "properties.accessPolicies", [{"objectId": "someone"}])
    assert "grant is made for it apart" in told(stack, "no-mixed-access-policies")
    stack["second"] = replace(stack["grant"], name="second")
    assert "grant, second are made for it apart" in told(stack, "no-mixed-access-policies")


@pytest.mark.parametrize(
    ("roles", "words"), [(True, "looks at access policies"), (False, "looks at role assignments")]
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


def test_bindings_of_one_key_to_accounts_elsewhere_are_compared_by_id() -> None:
    """Two accounts that are not of this stack share a key; one account, however spelt, does not."""
    props = {"keyUriWithVersion": KEY_URI}
    for other, expected in (("/B", "violation"), ("/A", "pass")):
        lone = [
            Thing(name, BINDING, {**props, "accountId": id}) for name, id in (("one", "/a"), ("two", other))
        ]
        assert verdict(Pack(levels=SHARED).ask_stack(lone), "one-key-per-account") == expected


def test_keys_whose_names_are_not_known_are_not_taken_for_one() -> None:
    """Two accounts on one vault, with keys that only the update will name."""
    bag = with_change(
        inline_account_props(), "properties.encryption.keyVaultProperties.keyName", UNKNOWN_TEXT
    )
    stack = [Thing(name, ACCOUNT, bag) for name in ("one", "two")]
    assert verdict(Pack(levels=SHARED).ask_stack(stack), "one-key-per-account") == "open"


def test_one_unknown_region_is_not_another_region() -> None:
    """Nothing is known to differ, and nothing to be the same."""
    assert says(with_prop(two_phases(), "account", "location", UNKNOWN_TEXT), "same-region") == "open"


@pytest.mark.parametrize("dependencies", [{}, {"location": ["key"]}])
def test_regions_without_a_common_origin_are_open(dependencies: dict[str, list[str]]) -> None:
    """Neither a group nor a value says where two resources are; that both say nothing is no agreement."""
    stack = two_phases()
    for name in ("vault", "account"):
        stack = with_prop(
            change(stack, name, property_dependencies=dependencies), name, "location", UNKNOWN_TEXT
        )
        if not dependencies:
            stack = with_prop(stack, name, "resourceGroupName", UNKNOWN_TEXT)
    assert says(stack, "same-region") == "open"


def test_regions_are_compared_without_inputs_too() -> None:
    """A stack that is shown alone gives its origins by its outputs."""
    stack = two_phases()
    for name in ("vault", "account"):
        stack = with_prop(stack, name, "location", UNKNOWN_TEXT)
    assert verdict(Pack().ask_stack(list(stack.values())), "same-region") == "pass"


def test_a_vaults_unknown_tenant_is_decided_by_the_provider() -> None:
    """One provider is one tenant; of two providers, or of none that is told, nothing is known."""
    stack = with_prop(two_phases(), "vault", "properties.tenantId", UNKNOWN_TEXT)
    assert says(stack, "same-tenant") == "pass"
    assert says(change(stack, "vault", provider="another"), "same-tenant") == "open"
    nobody = change(change(stack, "vault", provider=None), "account", provider=None)
    assert says(with_prop(nobody, "account", "identity.tenantId", UNKNOWN_TEXT), "same-tenant") == "open"


def test_a_policy_for_a_vault_elsewhere_has_no_tenant_to_compare() -> None:
    """Nothing is said of it."""
    props = {"vaultName": "elsewhere", "policy": {"tenantId": OTHER_TENANT}}
    assert verdict(Pack().ask_stack([Thing("p", two_phases()["grant"].type, props)]), "same-tenant") == "pass"
