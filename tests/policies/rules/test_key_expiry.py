"""key-expiry: a key has an end date."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    KEY,
    NOW,
    UNKNOWN_NUMBER,
    UNKNOWN_TEXT,
    Thing,
    secret,
)
from tests.policies.bags import (
    key_props,
    with_change,
)
from tests.policies.editing import (
    judged,
)

DAY = 86_400


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None) -> str:
    return judged(rule, Thing("k", KEY, props), config)


def flat(props: dict[str, Any]) -> dict[str, Any]:
    """The same key as azure-native outputs it."""
    return {name: value for name, value in props.items() if name != "properties"} | (
        props["properties"] or {}
    )


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
