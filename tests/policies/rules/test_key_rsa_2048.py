"""key-rsa-2048: a key is RSA of 2048 bits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    KEY,
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
