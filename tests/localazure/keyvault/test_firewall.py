"""Whom a vault's network rules let in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.driver import GROUP, OWNER, VAULT, Case, inner, refusal_of


def test_network_rules_are_answered_in_azures_spelling(case: Case) -> None:
    """An address has its prefix length, a subnet's id small letters; the rest is as it was sent."""
    subnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/V/subnets/A"
    rules = {
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7"}, {"value": "198.51.100.0/24"}],
        "virtualNetworkRules": [{"id": subnet, "ignoreMissingVnetServiceEndpoint": True}],
    }
    case.make_vault(networkAcls=rules)
    assert case.arm("GET", VAULT).body["properties"]["networkAcls"] == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7/32"}, {"value": "198.51.100.0/24"}],
        "virtualNetworkRules": [{"id": subnet.lower(), "ignoreMissingVnetServiceEndpoint": True}],
    }


@pytest.mark.parametrize(
    ("network", "local", "service"),
    [
        ({}, None, None),
        ({"networkAcls": {"defaultAction": "Allow"}}, None, None),
        ({"networkAcls": {"defaultAction": "Deny"}}, "ForbiddenByFirewall", None),
        (
            {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}},
            "ForbiddenByFirewall",
            "ForbiddenByFirewall",
        ),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.0/8"}]}}, None, None),
        (
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}},
            "ForbiddenByFirewall",
            None,
        ),
        ({"networkAcls": {"ipRules": [{"value": "203.0.113.7"}]}}, "ForbiddenByFirewall", None),
        (
            {
                "networkAcls": {
                    "bypass": "None",
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "127.0.0.1"}],
                }
            },
            None,
            "ForbiddenByFirewall",
        ),
        ({"publicNetworkAccess": "Disabled"}, "ForbiddenByConnection", None),
        (
            {"publicNetworkAccess": "disabled", "networkAcls": {"bypass": "None", "defaultAction": "Allow"}},
            "ForbiddenByConnection",
            "ForbiddenByConnection",
        ),
    ],
)
def test_the_firewall_stops_callers_and_lets_trusted_services_bypass(
    case: Case, network: dict[str, Any], local: str | None, service: str | None
) -> None:
    """A caller from loopback needs an open vault or an IP rule; a trusted service needs the bypass."""
    case.with_keys(**network)
    found = case.data("GET", "/keys/k")
    assert (None if found.status == 200 else inner(found)[1]) == local
    assert refusal_of(lambda: case.wrap(OWNER.object_id)) == service
