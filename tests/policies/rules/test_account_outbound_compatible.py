"""account-outbound-compatible: an account that may not call out may still call its vault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import UNKNOWN_FLAG, UNKNOWN_LIST, UNKNOWN_TEXT, VERSION
from tests.policies.editing import both, change, says, with_prop, without
from tests.policies.stacks import Stack, one_phase, run, two_phases

RULE = "account-outbound-compatible"
OUTBOUND_CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "pass"),
    ({"restrictOutboundNetworkAccess": False}, "pass"),
    ({"restrictOutboundNetworkAccess": UNKNOWN_FLAG}, "open"),
    ({"restrictOutboundNetworkAccess": "true"}, "violation"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": None}, "violation"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["example.org"]}, "violation"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["*.example.org"]}, "violation"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["azure.net"]}, "violation"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": UNKNOWN_LIST}, "open"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": [UNKNOWN_TEXT]}, "open"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["x.org", "KV-one.vault.azure.net"]}, "pass"),
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["*.vault.azure.net"]}, "violation"),
]


def restricted(stack: Stack, properties: dict[str, Any]) -> Stack:
    for name, value in properties.items():
        stack = with_prop(stack, "account", f"properties.{name}", value)
    return stack


@pytest.mark.parametrize(("properties", "expected"), OUTBOUND_CASES)
@pytest.mark.parametrize("inline", [False, True])
@both
def test_outbound_restrictions_leave_the_vault_reachable(
    preview: bool, inline: bool, properties: dict[str, Any], expected: str
) -> None:
    """The host of the key's vault must be in allowedFqdnList, as the service compares it: in full."""
    stack = one_phase(preview=preview) if inline else two_phases(preview=preview)
    assert says(restricted(stack, properties), RULE) == expected


RESTRICTED = {"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["kv-two.vault.azure.net"]}


def test_another_vaults_host_does_not_count() -> None:
    """Where the vault of the key is known; of one of another stack that is not known yet, any may be it."""
    for stack in one_phase(), two_phases(), two_phases(preview=True):
        assert says(restricted(stack, RESTRICTED), RULE) == "violation"
    elsewhere = change(two_phases(preview=True), "binding", property_dependencies={"accountId": ["account"]})
    elsewhere = with_prop(without(elsewhere, "vault", "key"), "binding", "vaultId", None)
    assert says(restricted(elsewhere, RESTRICTED), RULE) == "pass"
    assert says(restricted(elsewhere, RESTRICTED | {"allowedFqdnList": ["example.org"]}), RULE) == "violation"


def test_it_stops_what_would_break_the_binding() -> None:
    """Of an account that uses no key nothing is asked."""
    stack = restricted(two_phases(), RESTRICTED)
    assert {one.level for one in run(stack) if one.rule == RULE} == {"mandatory"}
    assert says(without(stack, "binding"), RULE) == "pass"


def test_a_managed_hsm_is_a_host_like_a_vault() -> None:
    """Its own host opens it, a vault of the same name does not; the fix names the right kind."""
    stack = change(two_phases(), "binding", property_dependencies={"accountId": ["account"]})
    uri = f"https://hsm-one.managedhsm.azure.net/keys/cmk/{VERSION}"
    stack = with_prop(with_prop(stack, "binding", "keyUriWithVersion", uri), "binding", "vaultId", None)
    for host, expected in ("hsm-one.managedhsm.azure.net", "pass"), ("hsm-one.vault.azure.net", "violation"):
        assert says(restricted(stack, RESTRICTED | {"allowedFqdnList": [host]}), RULE) == expected
    for one, words in (stack, "add hsm-one.managedhsm.azure.net to"), (two_phases(), "add kv-one.vault"):
        said = [answer.message for answer in run(restricted(one, RESTRICTED)) if answer.rule == RULE]
        assert words in said[0]
