"""key-usable: a key is enabled, not expired, already valid, and may wrap and unwrap."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    KEY,
    NOW,
    UNKNOWN_LIST,
    UNKNOWN_NUMBER,
    UNKNOWN_TEXT,
    Thing,
)
from tests.policies.bags import (
    key_props,
    with_change,
)
from tests.policies.editing import (
    change,
    judged,
    says,
    with_prop,
)
from tests.policies.stacks import two_phases

SERVICE, OTHER = "language-cmk:index:EncryptedAIServicesAccount", "acme:index:Service"


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None) -> str:
    return judged(rule, Thing("k", KEY, props), config)


def flat(props: dict[str, Any]) -> dict[str, Any]:
    """The same key as azure-native outputs it."""
    return {name: value for name, value in props.items() if name != "properties"} | (
        props["properties"] or {}
    )


USABLE_CASES = [
    ("attributes.enabled", True, "pass"),
    ("attributes.enabled", "true", "pass"),
    ("attributes.enabled", ..., "pass"),
    ("attributes.enabled", None, "pass"),
    ("attributes", None, "pass"),
    ("attributes.enabled", False, "violation"),
    ("attributes.enabled", "False", "violation"),
    ("attributes.enabled", 0, "violation"),
    ("attributes.enabled", UNKNOWN_TEXT, "open"),
    ("attributes.expires", NOW + 1, "pass"),
    ("attributes.expires", NOW, "violation"),
    ("attributes.expires", str(int(NOW - 1)), "violation"),
    ("attributes.exp", NOW + 1, "pass"),
    ("attributes.expires", "2020-12-30T20:00:00Z", "violation"),
    ("attributes.expires", "2050-12-30", "pass"),
    ("attributes.expires", 0, "pass"),
    ("attributes.expires", UNKNOWN_NUMBER, "open"),
    ("attributes.expires", 1e30, "pass"),
    ("attributes.notBefore", NOW, "pass"),
    ("attributes.notBefore", NOW + 1, "violation"),
    ("attributes.nbf", NOW + 1, "pass"),
    ("attributes.exp", NOW - 1, "pass"),
    ("attributes.notBefore", 1e30, "violation"),
    ("attributes.notBefore", UNKNOWN_NUMBER, "open"),
    ("keyOps", ["WrapKey", "UNWRAPKEY", "sign"], "pass"),
    ("keyOps", ..., "pass"),
    ("keyOps", None, "pass"),
    ("keyOps", ["wrapKey"], "violation"),
    ("keyOps", ["unwrapKey"], "violation"),
    ("keyOps", ["encrypt", "decrypt"], "violation"),
    ("keyOps", [], "violation"),
    ("keyOps", UNKNOWN_LIST, "open"),
    ("keyOps", ["wrapKey", UNKNOWN_TEXT], "open"),
    ("keyOps", ["wrapKey", "unwrapKey", UNKNOWN_TEXT], "pass"),
]


@pytest.mark.parametrize(("path", "value", "expected"), USABLE_CASES)
def test_a_key_can_be_used_today(path: str, value: Any, expected: str) -> None:
    """Enabled, within its dates, allowed to wrap and unwrap; what is not stated is Azure's default."""
    props = with_change(key_props(), f"properties.{path}", value)
    assert ask(props, "key-usable") == expected
    assert ask(flat(props), "key-usable") == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [("attributes.enabled", False), ("attributes.expires", NOW - 1), ("attributes.notBefore", NOW + 1)],
)
@pytest.mark.parametrize(
    ("service", "ignored", "expected"),
    [(SERVICE, ("properties",), "open"), (SERVICE, (), "violation"), (OTHER, ("properties",), "violation")],
)
def test_what_a_refresh_has_found_is_no_demand_of_the_program(
    path: str, value: Any, service: str, ignored: tuple[str, ...], expected: str
) -> None:
    """Of a key of our components, whose attributes no update writes: the update that binds another version
    must go through. A key that anything else ignores is refused as before."""
    stack = {"service": Thing("service", service, {}), **two_phases()}
    stack = with_prop(stack, "key", f"properties.{path}", value)
    stack = change(stack, "key", parent="service", ignore_changes=ignored)
    assert says(stack, "key-usable") == expected
