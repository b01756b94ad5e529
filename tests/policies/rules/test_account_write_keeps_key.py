"""account-write-keeps-key: no update writes a bound account without its encryption."""

from typing import Any

import pytest

from tests.policies.asking import UNKNOWN_OBJECT, UNKNOWN_TEXT, Pack, verdict
from tests.policies.editing import change, says, with_prop, without
from tests.policies.stacks import Stack, declared, live_encryption, one_phase, two_phases

RULE = "account-write-keeps-key"


def written_with(encryption: Any) -> str:
    """What the rule says where the account's inputs carry this encryption, as a refresh leaves it there."""
    stack, pack = two_phases(written=True), Pack()
    for thing in stack.values():
        shown = declared(thing)
        if thing.name == "account":
            shown = with_prop({"account": shown}, "account", "properties.encryption", encryption)["account"]
        pack.ask(shown)
    return verdict(pack.ask_stack(list(stack.values())), RULE)


@pytest.mark.parametrize(
    ("encryption", "expected"),
    [
        (..., "violation"),
        (None, "violation"),
        ({"keySource": "Microsoft.CognitiveServices"}, "violation"),
        (live_encryption(), "pass"),
        ({**live_encryption(), "keySource": "microsoft.keyvault"}, "pass"),
        (UNKNOWN_OBJECT, "open"),
        ({"keySource": UNKNOWN_TEXT}, "open"),
    ],
)
def test_an_update_of_a_bound_account_carries_its_encryption(encryption: Any, expected: str) -> None:
    """What the inputs leave out, azure-native's write takes away."""
    assert written_with(encryption) == expected


@pytest.mark.parametrize(
    "make",
    [
        two_phases,
        lambda: two_phases(preview=True),
        one_phase,
        # Its binding names it by an id that the program states.
        lambda: with_prop(two_phases(written=True), "account", "name", UNKNOWN_TEXT),
    ],
)
def test_an_account_that_is_made_or_stays_is_let_through(make: Any) -> None:
    """A create comes before the binding; what stays is not written; an inline key is in every write."""
    assert says(make(), RULE) == "pass"


def test_an_account_that_is_not_bound_yet_may_be_written() -> None:
    """The binding is made by this run, or there is none."""
    stack = two_phases(written=True)
    first = with_prop(with_prop(stack, "binding", "principalId", UNKNOWN_TEXT), "binding", "boundAt", None)
    assert says(first, RULE) == "pass"
    assert says(without(stack, "binding"), RULE) == "pass"


@pytest.mark.parametrize("computed", ["id", "etag", "properties.provisioningState"])
def test_a_write_shows_by_any_value_that_it_will_compute(computed: str) -> None:
    """Providers differ in what they output."""
    stack: Stack = with_prop(
        with_prop(two_phases(written=True), "account", "id", ...), "account", "etag", ...
    )
    assert says(stack, RULE) == "pass"
    assert says(with_prop(stack, "account", computed, UNKNOWN_TEXT), RULE) == "violation"


def test_the_fix_is_named() -> None:
    """A refresh puts the live encryption into the inputs."""
    stack = change(two_phases(written=True), "account", ignore_changes=["properties.encryption"])
    pack = Pack()
    for thing in stack.values():
        pack.ask(declared(thing))
    message = next(one.message for one in pack.ask_stack(list(stack.values())) if one.rule == RULE)
    assert "pulumi up --refresh" in message.splitlines()[-1]
