"""vault-soft-delete: a vault does not switch soft delete off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    UNKNOWN_FLAG,
    UNKNOWN_TEXT,
    VAULT,
    Thing,
    secret,
)
from tests.policies.bags import (
    vault_props,
    with_change,
)
from tests.policies.editing import (
    judged,
)

PINNED = "azure-native:keyvault/v20230701:Vault"


PACKAGE = "azure-native_keyvault_v20230701:keyvault:Vault"


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, token: str = VAULT) -> str:
    return judged(rule, Thing("v", token, props), config)


FLAG_CASES = [
    (True, "pass"),
    ("true", "pass"),
    (" True ", "pass"),
    (secret(True), "pass"),
    (secret("TRUE"), "pass"),
    (False, "violation"),
    ("false", "violation"),
    (None, "pass"),
    (..., "pass"),
    (1, "violation"),
    ([True], "violation"),
    ({"value": True}, "violation"),
    ("[parameters('on')]", "violation"),
    (UNKNOWN_FLAG, "open"),
    (UNKNOWN_TEXT, "open"),
    (secret(UNKNOWN_FLAG), "open"),
]


@pytest.mark.parametrize("token", [VAULT, PINNED, PACKAGE])
@pytest.mark.parametrize(("value", "expected"), FLAG_CASES)
@pytest.mark.parametrize(
    ("rule", "name"),
    [("vault-soft-delete", "enableSoftDelete")],
)
def test_a_protection_may_not_be_stated_as_off(
    rule: str, name: str, value: Any, expected: str, token: str
) -> None:
    """Soft delete passes when it is true, however true is spelt, and when nothing is stated: Azure then
    switches it on, and off it cannot be."""
    assert ask(with_change(vault_props(), f"properties.{name}", value), rule, token=token) == expected
