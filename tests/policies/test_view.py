"""How values are read and shown."""

from __future__ import annotations

from typing import Any

import pytest

from policies.view import UNKNOWN, View, as_instant, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not stated"),
        (UNKNOWN, "not known yet"),
        (True, "true"),
        (False, "false"),
        (2048.0, "2048"),
        (1.5, "1.5"),
        (7, "7"),
        ("x", '"x"'),
        ("x" * 120, f'"{"x" * 120}"'),
        ("x" * 1000, f'"{"x" * 1000}"'),
        ("a\nfix: b", '"a?fix: b"'),
        ({"inside": "hidden"}, "an object"),
        (["hidden"], "a list"),
        (object(), "not readable"),
    ],
)
def test_a_value_is_shown_short_and_never_from_inside(value: Any, text: str) -> None:
    """As a message names it."""
    assert shown(value) == text


def test_a_time_without_zone_is_utc() -> None:
    """Wherever the machine is."""
    assert as_instant("2030-01-01T00:00:00") == as_instant("2030-01-01T02:00:00+02:00") == 1893456000


def test_output_marks_are_opened_and_other_marks_left() -> None:
    """An output without a value is unknown; an asset is no output."""
    signature, output = "4dabf18193072939515e22adb298388d", "d0e6a833031e9bbcd3f4e8bde6ca49a4"
    assert View({"a": {signature: output}}).get("a") is UNKNOWN
    assert View({"a": {signature: output, "value": 3}}).get("a") == 3
    asset = {signature: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    assert View({"a": asset}).get("a") == asset
