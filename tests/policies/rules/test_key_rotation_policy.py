"""key-rotation-policy: a key is rotated automatically, by its rotation policy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    KEY,
    UNKNOWN_TEXT,
    Thing,
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
