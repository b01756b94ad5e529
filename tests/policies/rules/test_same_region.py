"""same-region: an account and its vault are in the same region."""

from __future__ import annotations

import pytest

from tests.policies.asking import UNKNOWN_TEXT, Pack, verdict
from tests.policies.editing import STACKS, both, change, every, says, with_prop, without
from tests.policies.stacks import run, two_phases


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
