"""account-outbound-compatible: an account that may not call out may still call its vault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import (
    inline_account_props,
)


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    return verdict(Pack({rule: config or {}}).ask(Thing("a", ACCOUNT, props, ignore_changes=ignored)), rule)


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
    ({"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["*.vault.azure.net"]}, "pass"),
]


@pytest.mark.parametrize(("properties", "expected"), OUTBOUND_CASES)
def test_outbound_restrictions_leave_the_vault_reachable(properties: dict[str, Any], expected: str) -> None:
    """A vault must be in allowedFqdnList; its own, when the account names it."""
    assert ask({"properties": properties}, "account-outbound-compatible") == expected
    named = inline_account_props()
    named["properties"].update(properties)
    assert ask(named, "account-outbound-compatible") == expected


def test_another_vaults_host_does_not_count() -> None:
    """With the vault named in the account, the host of another vault opens nothing."""
    named = inline_account_props()
    named["properties"].update(restrictOutboundNetworkAccess=True, allowedFqdnList=["kv-two.vault.azure.net"])
    assert ask(named, "account-outbound-compatible") == "violation"
