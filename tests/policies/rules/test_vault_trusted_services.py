"""vault-trusted-services: a vault's firewall lets trusted Microsoft services through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    UNKNOWN_TEXT,
    VAULT,
    Thing,
)
from tests.policies.bags import (
    vault_props,
    with_change,
)
from tests.policies.editing import both, judged, with_prop, without
from tests.policies.stacks import run, two_phases

RULE = "vault-trusted-services"


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, token: str = VAULT) -> str:
    return judged(rule, Thing("v", token, props), config)


@pytest.mark.parametrize(
    ("bypass", "expected"),
    [
        ("AzureServices", "pass"),
        ("azureservices", "pass"),
        ("Logging, AzureServices", "pass"),
        (..., "pass"),
        (None, "pass"),
        ("None", "violation"),
        ("none", "violation"),
        ("", "violation"),
        (3, "violation"),
        (UNKNOWN_TEXT, "open"),
    ],
)
def test_the_firewall_lets_trusted_services_through(bypass: Any, expected: str) -> None:
    """The service reaches its key as a trusted service, which Azure allows unless it is told not to."""
    props = with_change(vault_props(), "properties.networkAcls.bypass", bypass)
    assert ask(props, "vault-trusted-services") == expected


@pytest.mark.parametrize(
    ("public", "action", "expected"),
    [
        ("Enabled", "Allow", "pass"),
        (..., ..., "pass"),
        ("Enabled", "Deny", "violation"),
        (..., "deny", "violation"),
        ("Disabled", "Allow", "violation"),
        ("SecuredByPerimeter", "Allow", "open"),
        (UNKNOWN_TEXT, "Allow", "open"),
        ("Enabled", UNKNOWN_TEXT, "open"),
        (UNKNOWN_TEXT, "Deny", "violation"),
    ],
)
def test_a_vault_without_a_firewall_needs_no_way_through_it(public: Any, action: Any, expected: str) -> None:
    """That it is open is for vault-network-restricted to say."""
    props = with_change(vault_props(), "properties.networkAcls", {"bypass": "None"})
    props = with_change(props, "properties.publicNetworkAccess", public)
    assert ask(with_change(props, "properties.networkAcls.defaultAction", action), RULE) == expected


@both
def test_it_stops_what_would_break_the_binding(preview: bool) -> None:
    """The account cannot reach its key; a vault that no account is bound through is advised on."""
    stack = with_prop(two_phases(preview=preview), "vault", "properties.networkAcls.bypass", "None")
    assert {one.level for one in run(stack) if one.rule == RULE} == {"mandatory"}
    other = without(stack, "binding", "account", "grant")
    assert {one.level for one in run(other) if "firewall" in one.message or RULE in one.message} == {
        "advisory"
    }
