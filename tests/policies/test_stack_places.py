"""Rules on stacks: regions, tenants and shared keys; in a preview, by dependency, and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    BINDING,
    OTHER_TENANT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import VAULT_ID, account_props, with_change
from tests.policies.editing import STACKS, both, change, every, says, with_prop, without
from tests.policies.stacks import ACCOUNT_ID, run, two_phases


@pytest.mark.parametrize(
    ("vault", "expected"),
    [
        ("West Europe", "pass"),
        ("WESTEUROPE", "pass"),
        ("northeurope", "violation"),
        (UNKNOWN_TEXT, "open"),
    ],
)
@every
def test_account_and_vault_are_in_one_region(name: str, vault: str, expected: str) -> None:
    """Regions are compared as Azure does, and across every way to the vault."""
    assert says(with_prop(STACKS[name](), "vault", "location", vault), "same-region") == expected


@both
@pytest.mark.parametrize("sources", [{}, {"location": ["group"]}])
def test_one_resource_group_gives_one_region(preview: bool, sources: dict[str, list[str]]) -> None:
    """Neither states a region, or both take the group's: it is the same, even where it is not known."""
    stack = two_phases(preview=preview)
    for name in ("vault", "account"):
        stack = with_prop(stack, name, "location", UNKNOWN_TEXT)
        dependencies = {**stack[name].property_dependencies, **sources}
        stack = change(stack, name, property_dependencies=dependencies)
    assert says(stack, "same-region") == "pass"
    elsewhere = change(stack, "vault", property_dependencies={"location": ["key"]})
    assert says(elsewhere, "same-region") == "open"


def test_a_vault_of_another_stack_is_said_to_be_open() -> None:
    """Region and tenant of a vault that is not here cannot be known."""
    stack = without(two_phases(), "vault", "key", "version", "audit")
    assert says(stack, "same-region") == "open"
    assert says(stack, "same-tenant") == "open"


@every
def test_account_and_vault_are_in_one_tenant(name: str) -> None:
    """By the identity's tenant; else one provider is one tenant, which its configuration may tell."""
    stack = STACKS[name]()
    assert says(stack, "same-tenant") == "pass"
    other = with_prop(stack, "vault", "properties.tenantId", OTHER_TENANT.upper())
    other = change(
        other, "account", provider_props={"tenantId": stack["vault"].props["properties"]["tenantId"]}
    )
    assert says(other, "same-tenant") == "violation"


def test_tenants_that_nothing_tells_are_said_to_be_open() -> None:
    """Two providers may be of two tenants."""
    stack = change(two_phases(preview=True), "vault", provider="another")
    assert says(stack, "same-tenant") == "open"
    assert says(change(two_phases(), "vault", provider="another"), "same-tenant") == "pass"


def test_a_policy_of_another_tenant_is_refused() -> None:
    """A grant names the tenant of its vault."""
    stack = with_prop(two_phases(preview=True), "grant", "policy.tenantId", OTHER_TENANT)
    assert says(stack, "same-tenant") == "violation"


def test_accounts_share_no_key_where_that_is_configured() -> None:
    """Off by default; when on, two accounts on one key are refused, one account on it twice is not."""
    stack = two_phases()
    second = with_change(account_props(), "id", ACCOUNT_ID + "2")
    stack["second"] = Thing("second", ACCOUNT, second, ignore_changes=["properties.encryption"])
    stack["other"] = replace(
        with_prop(stack, "binding", "accountId", ACCOUNT_ID + "2")["binding"],
        name="other",
        property_dependencies={},
    )
    strict = {"one-key-per-account": "mandatory"}
    assert says(stack, "one-key-per-account") == "pass"
    assert says(stack, "one-key-per-account", Pack(levels=strict)) == "violation"
    apart = with_prop(
        stack, "other", "keyUriWithVersion", stack["other"].props["keyUriWithVersion"].replace("cmk", "k2")
    )
    assert says(apart, "one-key-per-account", Pack(levels=strict)) == "pass"
    assert says(two_phases(preview=True), "one-key-per-account", Pack(levels=strict)) == "pass"


@pytest.mark.parametrize(("group", "expected"), [("RG", "pass"), ("another", "open"), (UNKNOWN_TEXT, "open")])
def test_a_group_that_is_written_out_gives_its_region_too(group: str, expected: str) -> None:
    """Two resources in one group of that name share its region; of two groups nothing is known."""
    stack = two_phases()
    for name in ("vault", "account"):
        stack = with_prop(change(stack, name, property_dependencies={}), name, "location", UNKNOWN_TEXT)
    assert says(with_prop(stack, "vault", "resourceGroupName", group), "same-region") == expected


@pytest.mark.parametrize(("gone", "word"), [("vault", "vault"), ("account", "account")])
@pytest.mark.parametrize("rule", ["same-region", "same-tenant"])
def test_it_is_said_which_resource_is_of_another_stack(rule: str, gone: str, word: str) -> None:
    """An open relation names the end that is missing."""
    answers = run(without(two_phases(), gone))
    assert any(
        f"its {word}, which is not" in answer.message for answer in answers if f"\n{rule}: " in answer.message
    )


@pytest.mark.parametrize("uri", [UNKNOWN_TEXT, "https://kv-one.example.org/keys/cmk/1", None])
def test_a_key_that_nothing_names_is_said_to_be_open(uri: Any) -> None:
    """Whether it is another account's key cannot be known."""
    pack = Pack(levels={"one-key-per-account": "mandatory"})
    lone = [
        Thing(name, BINDING, {"accountId": name, "keyUriWithVersion": uri}, protect=True)
        for name in ("a", "b")
    ]
    assert verdict(pack.ask_stack(lone), "one-key-per-account") == "open"


@both
def test_names_and_ids_written_out_are_relations_too(preview: bool) -> None:
    """A program may write names and ids instead of passing resources; a preview knows them of the inputs."""
    stack = two_phases(preview=preview)
    stack = with_prop(stack, "grant", "vaultName", "KV-one")
    stack = change(stack, "grant", property_dependencies={"policy": ["account"]})
    stack = with_prop(stack, "binding", "accountId", ACCOUNT_ID.upper())
    stack = with_prop(stack, "binding", "vaultId", VAULT_ID)
    stack = change(stack, "binding", property_dependencies={})
    stack = with_prop(stack, "audit", "resourceUri", VAULT_ID.strip("/").upper())
    stack = change(stack, "audit", property_dependencies={})
    answers = run(stack)
    stack_rules = {
        "account-has-customer-key",
        "bound-after-grant",
        "grant-present",
        "same-region",
        "one-writer",
    }
    assert {one.rule for one in answers} & {*stack_rules, "same-tenant", "vault-audited"} == set()
    entry = {"objectId": "someone", "permissions": {"keys": ["get"]}}
    mixed = with_prop(stack, "vault", "properties.accessPolicies", [entry])
    assert says(mixed, "no-mixed-access-policies") == "violation"
