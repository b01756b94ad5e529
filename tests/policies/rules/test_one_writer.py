"""one-writer: each account's encryption has one writer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.facts import LIVE_ENCRYPTION
from tests.policies.asking import BINDING, UNKNOWN_OBJECT, Pack, Thing, verdict
from tests.policies.editing import STACKS, both, bound, change, says, told, with_prop, without
from tests.policies.stacks import one_phase, run, two_phases


@bound
def test_an_account_with_a_binding_ignores_its_encryption(name: str) -> None:
    """Else the next update of the account takes the key away."""
    stack = STACKS[name]()
    assert says(change(stack, "account", ignore_changes=["tags"]), "one-writer") == "violation"
    assert (
        says(change(stack, "account", ignore_changes=["properties.encryption.keySource"]), "one-writer")
        == "violation"
    )
    for path in ("properties", "properties.*", '["properties"]["encryption"]'):
        assert says(change(stack, "account", ignore_changes=[path]), "one-writer") == "pass"


@both
def test_an_update_may_say_the_key_that_the_account_has(preview: bool) -> None:
    """An update of a bound account repeats its key, or it would take it away; the components mark that, and
    the pack takes it neither for a second writer nor for a key of the create."""
    stack = one_phase(preview=preview)
    stack["binding"] = two_phases(preview=preview)["binding"]
    refused = {answer.rule for answer in run(stack)}
    marked = {answer.rule for answer in run(change(stack, "account", ignore_changes=[LIVE_ENCRYPTION]))}
    assert "one-writer" in refused
    assert "one-writer" not in marked


@both
def test_inline_encryption_and_a_binding_are_never_both(preview: bool) -> None:
    """Two writers, each of which undoes the other."""
    stack = one_phase(preview=preview)
    stack["binding"] = two_phases(preview=preview)["binding"]
    answers = [one.message for one in run(stack) if one.rule == "one-writer"]
    assert any("states a key itself" in message for message in answers)


@both
def test_two_bindings_of_one_account_are_refused(preview: bool) -> None:
    """Also when the account is not of this stack."""
    stack = two_phases(preview=preview)
    stack["twin"] = replace(stack["binding"], name="twin")
    assert says(stack, "one-writer") == "violation"
    lone = [Thing(name, BINDING, {"accountId": text}) for name, text in (("a", "/X"), ("b", "/x"))]
    assert verdict(Pack().ask_stack(lone), "one-writer") == "violation"


def test_two_resources_for_one_account_are_refused() -> None:
    """Two Account resources with one Azure id overwrite each other."""
    stack = two_phases()
    stack["twin"] = replace(stack["account"], name="twin")
    assert says(stack, "one-writer") == "violation"


def test_a_binding_to_another_stacks_account_is_said_to_be_open() -> None:
    """Whether that account ignores its encryption is not to be seen here."""
    assert says(without(two_phases(), "account", "grant"), "one-writer") == "open"


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
