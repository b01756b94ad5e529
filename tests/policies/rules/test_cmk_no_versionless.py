"""cmk-no-versionless: a customer-managed key states its version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import BINDING, KEY_URI, UNKNOWN_TEXT, VERSION, Thing, secret, verdict
from tests.policies.bags import with_change
from tests.policies.stacks import run

URI_CASES: list[tuple[Any, str, str]] = [
    (KEY_URI, "pass", "pass"),
    (KEY_URI + "/", "pass", "pass"),
    (secret(KEY_URI), "pass", "pass"),
    (KEY_URI.removesuffix(f"/{VERSION}"), "pass", "violation"),
    (KEY_URI.removesuffix(VERSION), "pass", "violation"),
    (KEY_URI.replace(VERSION, "current"), "violation", "pass"),
    (KEY_URI.replace("/cmk/", "/c_k/"), "violation", "pass"),
    (KEY_URI.replace("https", "http"), "violation", "pass"),
    (KEY_URI.replace("vault.azure.net", "vault.example.org"), "violation", "pass"),
    (KEY_URI.replace("/keys/", "/secrets/"), "violation", "pass"),
    ("", "violation", "violation"),
    (None, "violation", "violation"),
    (..., "violation", "violation"),
    (["x"], "violation", "violation"),
    (UNKNOWN_TEXT, "open", "open"),
]


@pytest.mark.parametrize(("uri", "complete", "versioned"), URI_CASES)
def test_a_binding_names_its_key_in_full(uri: Any, complete: str, versioned: str) -> None:
    """A binding's URI is held to the same as an inline key."""
    thing = Thing("b", BINDING, with_change({"accountId": "a"}, "keyUriWithVersion", uri), protect=True)
    answers = run({"b": thing})
    assert verdict(answers, "cmk-complete") == complete
    assert verdict(answers, "cmk-no-versionless") == versioned
