"""What a person does with a checkout, one word each."""

from __future__ import annotations

import json

import pytest

from localazure.checkout import has_changed


@pytest.mark.parametrize(
    ("history", "changed"),
    [
        (json.dumps([{"kind": "update", "resourceChanges": {"same": 14}}]), False),
        (json.dumps([{"kind": "update", "resourceChanges": {"same": 13, "update": 1}}]), True),
        (json.dumps([{"kind": "update", "resourceChanges": {"create": 14}}]), True),
        (json.dumps([{"kind": "update"}]), True),
        ("[]", True),
        ("null", True),
        ("error: no stack", True),
    ],
)
def test_the_state_is_recorded_anew_only_after_a_change(history: str, changed: bool) -> None:
    """A second `up` does not wait for it; where the history is not known, it is done."""
    assert has_changed(history) is changed
