"""Rules on one key, in the nested shape of inputs and the flat shape of outputs."""

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
    secret,
)
from tests.policies.bags import key_props, with_change
from tests.policies.editing import judged

DAY = 86_400


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None) -> str:
    return judged(rule, Thing("k", KEY, props), config)


def flat(props: dict[str, Any]) -> dict[str, Any]:
    """The same key as azure-native outputs it."""
    return {name: value for name, value in props.items() if name != "properties"} | (
        props["properties"] or {}
    )


SIZE_CASES = [
    ({}, "pass"),
    ({"kty": "rsa"}, "pass"),
    ({"kty": "RSA-HSM"}, "pass"),
    ({"keySize": 2048.0}, "pass"),
    ({"keySize": "2048"}, "pass"),
    ({"keySize": secret(2048)}, "pass"),
    ({"keySize": 3072}, "violation"),
    ({"keySize": 4096}, "violation"),
    ({"keySize": "large"}, "violation"),
    ({"keySize": None}, "violation"),
    ({"keySize": ...}, "violation"),
    ({"keySize": UNKNOWN_NUMBER}, "open"),
    ({"kty": "EC"}, "violation"),
    ({"kty": "oct-HSM"}, "violation"),
    ({"kty": ...}, "violation"),
    ({"kty": None}, "violation"),
    ({"kty": UNKNOWN_TEXT}, "open"),
    ({"kty": UNKNOWN_TEXT, "keySize": 4096}, "violation"),
]


@pytest.mark.parametrize(("changes", "expected"), SIZE_CASES)
def test_a_key_is_rsa_of_2048_stated_bits(changes: dict[str, Any], expected: str) -> None:
    """Only RSA or RSA-HSM with 2048 bits passes, nested or flat."""
    props = key_props()
    for name, value in changes.items():
        props = with_change(props, f"properties.{name}", value)
    assert ask(props, "key-rsa-2048") == expected
    assert ask(flat(props), "key-rsa-2048") == expected


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


def key_with_expiry(expires: Any, policy: Any) -> dict[str, Any]:
    props = with_change(key_props(), "properties.attributes.expires", expires)
    return with_change(props, "properties.rotationPolicy.attributes.expiryTime", policy)


EXPIRY_CASES = [
    (NOW + DAY * 400, ..., {}, "pass"),
    (..., "P2Y", {}, "pass"),
    (..., ..., {}, "violation"),
    (None, None, {}, "violation"),
    (0, "", {}, "violation"),
    ("0001-01-01T00:00:00Z", ..., {}, "violation"),
    (secret(NOW + DAY), ..., {}, "pass"),
    (UNKNOWN_NUMBER, ..., {}, "open"),
    (NOW + DAY, UNKNOWN_TEXT, {}, "pass"),
    (NOW + DAY * 30, ..., {"minimumDays": 30, "maximumDays": 30}, "pass"),
    (..., UNKNOWN_TEXT, {}, "open"),
    (NOW + DAY * 29, ..., {"minimumDays": 30}, "violation"),
    (NOW + DAY * 31, ..., {"minimumDays": 30}, "pass"),
    (NOW + DAY * 800, ..., {"maximumDays": 730}, "violation"),
    (NOW + DAY * 700, ..., {"maximumDays": 730.0}, "pass"),
]


@pytest.mark.parametrize(("expires", "policy", "config", "expected"), EXPIRY_CASES)
def test_a_key_says_when_it_ends(expires: Any, policy: Any, config: dict[str, Any], expected: str) -> None:
    """A date on the key or in its rotation policy, within the configured distance; zero dates are none."""
    props = key_with_expiry(expires, policy)
    assert ask(props, "key-expiry", config) == expected
    assert ask(flat(props), "key-expiry", config) == expected


def test_a_disabled_key_needs_no_expiry() -> None:
    """A disabled key encrypts nothing, so key-expiry leaves it to key-usable."""
    props = with_change(key_with_expiry(..., ...), "properties.attributes.enabled", False)
    assert ask(props, "key-expiry") == "pass"


def _actions(*types: Any) -> list[dict[str, Any]]:
    return [{"action": {"type": kind}} for kind in types]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"lifetimeActions": _actions("rotate")}, "pass"),
        ({"lifetimeActions": _actions("Notify", "Rotate")}, "pass"),
        ({"lifetimeActions": _actions("notify")}, "violation"),
        ({"lifetimeActions": []}, "violation"),
        ({"lifetimeActions": [None]}, "violation"),
        ({}, "violation"),
        (None, "violation"),
        (..., "violation"),
        (UNKNOWN_TEXT, "open"),
        ({"lifetimeActions": [UNKNOWN_TEXT]}, "open"),
        ({"lifetimeActions": _actions(UNKNOWN_TEXT)}, "open"),
        ({"lifetimeActions": _actions(UNKNOWN_TEXT, "rotate")}, "pass"),
    ],
)
def test_a_key_is_rotated_by_its_policy(policy: Any, expected: str) -> None:
    """One action of type rotate is needed; a notification is none."""
    props = with_change(key_props(), "properties.rotationPolicy", policy)
    assert ask(props, "key-rotation-policy") == expected
    assert ask(flat(props), "key-rotation-policy") == expected
