"""Values of a resource: known, unknown, secret, absent, in every spelling; by the marks of the SDKs."""

import re
from typing import Any

import pytest
from pulumi.runtime import rpc
from pulumi_policy import proxy

from core import engine_values, values
from core.engine_values import OUTPUT, SECRET, SIGNATURE, UNKNOWN
from core.values import Hidden

HIDDEN = {SIGNATURE: SECRET, "value": "x"}
OPEN = {SIGNATURE: OUTPUT}


@pytest.mark.parametrize(
    ("value", "read", "said"),
    [
        (None, None, "not stated"),
        (UNKNOWN, Hidden.UNKNOWN, "not known yet"),
        (f"https://{UNKNOWN}/", Hidden.UNKNOWN, "not known yet"),
        (OPEN, Hidden.UNKNOWN, "not known yet"),
        ({**OPEN, "value": "x"}, "x", '"x"'),
        ({**OPEN, "value": "x", "secret": True}, Hidden.SECRET, "secret"),
        (HIDDEN, Hidden.SECRET, "secret"),
        ("[secret]", Hidden.SECRET, "secret"),
        (True, True, "true"),
        (2048.0, 2048.0, "2048"),
        (1.5, 1.5, "1.5"),
        ("x" * 1000, "x" * 1000, f'"{"x" * 1000}"'),
        ("a\nfix: b", "a\nfix: b", '"a?fix: b"'),
        ({"inside": "hidden"}, {"inside": "hidden"}, "an object"),
        (["hidden"], ["hidden"], "a list"),
    ],
)
def test_a_value_is_opened_and_shown_short_and_never_from_inside(value: Any, read: Any, said: str) -> None:
    """As it is read, and as a message names it; an asset is no output."""
    assert values.get_path({"a": value}, "a") == read
    assert values.shown(value) == said
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    assert values.opened(asset) == asset


@pytest.mark.parametrize(
    ("bag", "path", "found"),
    [
        ({"properties": {"tier": "S"}, "tier": "F0"}, "tier", "S"),
        ({"properties": {}, "tier": "S"}, "tier", None),
        ({"properties": {}, "sku": {"name": "S"}}, "sku.name", "S"),
        ({"properties": UNKNOWN}, "networkAcls.bypass", Hidden.UNKNOWN),
        ({"properties": UNKNOWN, "location": "x"}, "location", "x"),
        ({"properties": HIDDEN}, "tier", Hidden.SECRET),
        (None, "sku", None),
        ({"sku": "text"}, "sku.name", None),
    ],
)
def test_a_property_is_found_where_azure_native_has_it(bag: Any, path: str, found: Any) -> None:
    """Nested or flat; a mark counts for everything below it."""
    assert values.prop(bag, path) == found


def test_spellings_of_one_value_are_one() -> None:
    """Flags and numbers as text, words in any casing, lone values, and times without a zone, in UTC."""
    assert [values.flag(one) for one in (True, "True", " false ", "yes", 1, None)] == [
        *(True, True, False, None, None, None)
    ]
    assert [values.number(one) for one in (2048, "2048", 2048.0, "2048.5", True, "x", float("inf"))] == [
        *(2048, 2048, 2048, None, None, None, None)
    ]
    assert values.word(" Logging, AzureServices ") == "logging,azureservices"
    assert [values.items(one) for one in (None, ["a"], "a", {"a": 1})] == [[], ["a"], ["a"], ["a"]]
    assert values.items(UNKNOWN) is Hidden.UNKNOWN
    assert values.instant("1893456000") == values.instant(1893456000.0) == 1893456000
    assert [values.instant(one) for one in (0, -1, "soon", None)] == [None] * 4


def test_the_marks_of_unknown_values_are_the_sdks() -> None:
    """Each kind of value has one, and no other is known."""
    sdk = {value for name, value in vars(proxy).items() if re.fullmatch(r"UNKNOWN_[A-Z]+_VALUE", name)}
    assert sdk == engine_values.UNKNOWNS
    assert rpc.UNKNOWN == engine_values.UNKNOWN


def test_the_signatures_are_the_sdks() -> None:
    """A secret and an output are told by the same member of an object."""
    assert rpc._special_sig_key == engine_values.SIGNATURE
    assert rpc._special_secret_sig == engine_values.SECRET
