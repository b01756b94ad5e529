"""vault-network-restricted: a vault cannot be reached from anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VAULT,
    Thing,
    secret,
)
from tests.policies.editing import (
    judged,
)


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, token: str = VAULT) -> str:
    return judged(rule, Thing("v", token, props), config)


def _ranges(*values: Any) -> dict[str, Any]:
    return {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": value} for value in values]}}


NETWORK_CASES = [
    (_ranges("0.0.0.0/1", "128.0.0.0/1"), "violation", "violation"),
    (_ranges("20.0.0.0/7"), "violation", "violation"),
    (_ranges("20.0.0.0/8", "1.2.3.4", "1.2.3.4/32", UNKNOWN_TEXT, None), "pass", "violation"),
    (_ranges("20.0.0.0/x", "/"), "pass", "violation"),
    ({"publicNetworkAccess": "Disabled"}, "pass", "pass"),
    ({"publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "Allow"}}, "pass", "pass"),
    ({"networkAcls": {"defaultAction": "deny"}}, "pass", "violation"),
    ({"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}, "pass", "violation"),
    (
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "0.0.0.0/0"}]}},
        "violation",
        "violation",
    ),
    ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.0/24"}]}}, "pass", "violation"),
    (
        {"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "10.0.0.0/24"}]}},
        "violation",
        "violation",
    ),
    ({"networkAcls": {"defaultAction": "Deny", "ipRules": UNKNOWN_LIST}}, "open", "violation"),
    ({"publicNetworkAccess": "SecuredByPerimeter"}, "open", "violation"),
    ({"publicNetworkAccess": "Enabled"}, "violation", "violation"),
    ({"publicNetworkAccess": None, "networkAcls": None}, "violation", "violation"),
    ({}, "violation", "violation"),
    ({"publicNetworkAccess": UNKNOWN_TEXT}, "open", "open"),
    ({"networkAcls": UNKNOWN_OBJECT}, "open", "violation"),
    ({"publicNetworkAccess": secret("Disabled")}, "pass", "pass"),
]


@pytest.mark.parametrize(("properties", "restricted", "disabled"), NETWORK_CASES)
@pytest.mark.parametrize(
    ("rule", "token"),
    [
        ("vault-network-restricted", VAULT),
    ],
)
def test_vaults_and_accounts_are_closed_to_unknown_networks(
    rule: str, token: str, properties: dict[str, Any], restricted: str, disabled: str
) -> None:
    """Disabled or Deny will do, or only Disabled as configured; Allow with IP rules is open."""
    bag = {"properties": properties}
    assert ask(bag, rule, token=token) == restricted
    assert ask(bag, rule, {"publicAccess": "disabled"}, token=token) == disabled
