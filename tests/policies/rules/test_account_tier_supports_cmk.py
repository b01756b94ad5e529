"""account-tier-supports-cmk: an account has a pricing tier that can use a customer-managed key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import (
    account_props,
    with_change,
)


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    return verdict(Pack({rule: config or {}}).ask(Thing("a", ACCOUNT, props, ignore_changes=ignored)), rule)


@pytest.mark.parametrize(
    ("sku", "expected"),
    [
        ({"name": "S"}, "pass"),
        ({"name": "S0", "tier": "Standard"}, "pass"),
        ({"name": "F0"}, "violation"),
        ({"name": "f0"}, "violation"),
        ({"name": secret("F0")}, "violation"),
        ({"name": "X", "tier": "Free"}, "violation"),
        ({"name": None}, "violation"),
        (None, "violation"),
        (..., "violation"),
        ({"name": UNKNOWN_TEXT}, "open"),
        (UNKNOWN_OBJECT, "open"),
    ],
)
def test_the_tier_can_use_a_customer_key(sku: Any, expected: str) -> None:
    """Free tiers cannot, and a tier must be stated."""
    assert ask(with_change(account_props(), "sku", sku), "account-tier-supports-cmk") == expected
