"""vault-permission-model: a vault uses the configured model, and holds no grant that it ignores."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
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
    ("any", {"enableRbacAuthorization": "true", "accessPolicies": [{}]}, "violation"),
    ("any", {"enableRbacAuthorization": True, "accessPolicies": []}, "pass"),
    ("any", {"enableRbacAuthorization": True, "accessPolicies": None}, "pass"),
    ("any", {"enableRbacAuthorization": True, "accessPolicies": UNKNOWN_LIST}, "open"),
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
def test_a_vault_uses_the_configured_model_and_ignores_no_grant(
    model: str, properties: dict[str, Any], expected: str
) -> None:
    """The model must be the configured one, and access policies may not stand where RBAC ignores them."""
    assert ask({"properties": properties}, "vault-permission-model", {"model": model}) == expected
