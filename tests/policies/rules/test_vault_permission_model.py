"""vault-permission-model: a vault uses the configured permission model."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    UNKNOWN_FLAG,
    VAULT,
    Thing,
    secret,
)
from tests.policies.editing import (
    judged,
)


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, token: str = VAULT) -> str:
    return judged(rule, Thing("v", token, props), config)


PERMISSION_MODEL_CASES = [
    ("any", {"enableRbacAuthorization": True}, "pass"),
    ("any", {"enableRbacAuthorization": False, "accessPolicies": [{}]}, "pass"),
    ("any", {}, "pass"),
    ("any", {"enableRbacAuthorization": "true", "accessPolicies": [{}]}, "pass"),
    ("any", {"enableRbacAuthorization": UNKNOWN_FLAG}, "open"),
    ("rbac", {"enableRbacAuthorization": secret(True)}, "pass"),
    ("rbac", {"enableRbacAuthorization": False}, "violation"),
    ("rbac", {"enableRbacAuthorization": None}, "violation"),
    ("rbac", {}, "violation"),
    ("access-policy", {}, "pass"),
    ("access-policy", {"enableRbacAuthorization": "False"}, "pass"),
    ("access-policy", {"enableRbacAuthorization": True}, "violation"),
]


@pytest.mark.parametrize(("model", "properties", "expected"), PERMISSION_MODEL_CASES)
def test_a_vault_uses_the_configured_model(model: str, properties: dict[str, Any], expected: str) -> None:
    """Access policies that a move to RBAC left over do no harm: grant-present asks for one that counts."""
    assert ask({"properties": properties}, "vault-permission-model", {"model": model}) == expected
