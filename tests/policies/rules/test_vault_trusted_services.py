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
from tests.policies.editing import (
    judged,
)


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
