"""What is said of settings that are secret in the stack's file."""

from __future__ import annotations

import json

import pytest

from settings.stack import shown_secrets

SERVICE = {"name": "claims", "location": "westeurope"}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("location", "westeurope", "stored and shown as plain text, because"),
        ("services", json.dumps([SERVICE]), "stored and shown as plain text, because"),
    ],
)
def test_what_does_not_stay_secret_is_told(key: str, value: str, said: str) -> None:
    """Without its value."""
    (warning,) = shown_secrets({key: value}, {key})
    assert said in warning
    assert "westeurope" not in warning


def test_what_stays_secret_is_not_warned_of() -> None:
    """The search service's key, at the top and inside `services`, which Pulumi marks as a whole."""
    assert list(shown_secrets({"searchServiceKey": "k"}, {"searchServiceKey"})) == []
    services = json.dumps([{**SERVICE, "searchServiceKey": "k"}])
    assert list(shown_secrets({"services": services}, {"services"})) == []
