"""one-key-per-account: no two accounts share a key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.asking import ACCOUNT, BINDING, KEY_URI, UNKNOWN_TEXT, Pack, Thing, verdict
from tests.policies.bags import account_props, inline_account_props, with_change
from tests.policies.editing import says, with_prop
from tests.policies.stacks import ACCOUNT_ID, two_phases


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


@pytest.mark.parametrize("uri", [UNKNOWN_TEXT, "https://kv-one.example.org/keys/cmk/1", None])
def test_a_key_that_nothing_names_is_said_to_be_open(uri: Any) -> None:
    """Whether it is another account's key cannot be known."""
    pack = Pack(levels={"one-key-per-account": "mandatory"})
    lone = [
        Thing(name, BINDING, {"accountId": name, "keyUriWithVersion": uri}, protect=True)
        for name in ("a", "b")
    ]
    assert verdict(pack.ask_stack(lone), "one-key-per-account") == "open"


SHARED = {"one-key-per-account": "mandatory"}


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
