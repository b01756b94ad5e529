"""vault-soft-delete: a vault states that soft delete is on."""

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
    (None, "violation"),
    (..., "violation"),
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
def test_a_protection_must_be_stated_as_on(
    rule: str, name: str, value: Any, expected: str, token: str
) -> None:
    """Soft delete and purge protection pass only when they are true, however true is spelt."""
    assert ask(with_change(vault_props(), f"properties.{name}", value), rule, token=token) == expected
