"""cmk-no-versionless: a customer-managed key states its version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.asking import BINDING, KEY_URI, UNKNOWN_TEXT, VERSION, Thing, secret, verdict
from tests.policies.bags import with_change
from tests.policies.editing import both, change, says, with_prop
from tests.policies.stacks import Stack, one_phase, run, two_phases

RULE = "cmk-no-versionless"
DETAILS = "properties.encryption.keyVaultProperties"

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


@pytest.mark.parametrize(
    ("source", "kind", "told"),
    [
        ("version", "TextAnalytics", True),
        ("version", "AIServices", False),
        ("version another", "TextAnalytics", True),
        ("key", "AIServices", True),
        ("vault", "AIServices", True),
    ],
)
def test_a_uri_that_is_not_known_yet_is_told(source: str, kind: str, *, told: bool) -> None:
    """A KeyVersion and a key have one URI with a version and one without, and a preview does not show which
    of them the program takes. An account that follows its key may take either of a KeyVersion's."""
    stack = _from(with_prop(two_phases(preview=True), "account", "kind", kind), source)
    stack["another"] = replace(stack["version"], name="another")
    assert says(stack, RULE) == "open"
    assert _listed(stack) is told


@pytest.mark.parametrize(("said", "told"), [({}, False), ({"version": "automatic"}, True)])
def test_a_component_takes_the_uri_with_a_version_unless_it_says_automatic(
    said: dict[str, str], *, told: bool
) -> None:
    """So that nobody is advised on a service whose settings pin the version."""
    component = Thing("bound", "language-cmk:index:KeyBinding", said)
    stack = change(two_phases(preview=True), "binding", parent="bound")
    assert _listed({"bound": component, **stack}) is told


def _from(stack: Stack, source: str) -> Stack:
    """The stack, whose binding takes the key's URI from these resources."""
    sources = {**stack["binding"].property_dependencies, "keyUriWithVersion": source.split()}
    return change(stack, "binding", property_dependencies=sources)


def _listed(stack: Stack) -> bool:
    """Whether the pack advises on the binding."""
    told = [one.message for one in run(stack) if one.rule == "undecided-listed"]
    return any(f"{RULE}: binding" in text for text in told)


@both
def test_a_versionless_key_in_an_account_is_refused_before_it_is_made(preview: bool) -> None:
    """By this rule in a preview, and by cmk-complete before the step."""
    stack = with_prop(one_phase(preview=preview), "account", f"{DETAILS}.keyVersion", ...)
    assert {says(stack, rule) for rule in (RULE, "cmk-complete")} == {"violation"}


@both
def test_an_account_that_follows_its_key_by_itself_is_told_as_advice(preview: bool) -> None:
    """By its binding, and inline: which version is in use is Azure's choice."""
    stacks = (
        with_prop(two_phases(preview=preview), "binding", "keyUriWithVersion", KEY_URI[:-33]),
        with_prop(one_phase(preview=preview), "account", f"{DETAILS}.keyVersion", ...),
    )
    for one in stacks:
        stack = with_prop(one, "account", "kind", "AIServices")
        assert says(stack, RULE) == "open"
        assert says(stack, "cmk-complete") != "violation"
        listed = [one.message for one in run(stack) if one.rule == "undecided-listed"]
        assert any("Azure's choice" in text for text in listed)
