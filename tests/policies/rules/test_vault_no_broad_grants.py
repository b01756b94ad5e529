"""vault-no-broad-grants: nobody is granted everything on a vault, nor the right to purge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCESS_POLICY,
    GENERIC,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
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

ADMIN = "55555555-5555-5555-5555-555555555555"


def entry(permissions: Any, object_id: Any = ADMIN) -> dict[str, Any]:
    return {"objectId": object_id, "tenantId": "t", "permissions": permissions}


def shapes(permissions: Any, object_id: Any = ADMIN) -> list[Thing]:
    """One entry in each of the places where ARM and azure-native take it."""
    one = entry(permissions, object_id)
    child = {"parentResourcePath": "vaults/kv-one", "resourceProviderNamespace": "microsoft.keyvault"}
    return [
        Thing("standalone", ACCESS_POLICY, {"vaultName": "kv-one", "policy": one}),
        Thing("inline", VAULT, with_change(vault_props(), "properties.accessPolicies", [one])),
        Thing(
            "child",
            GENERIC,
            {**child, "resourceType": "accessPolicies", "properties": {"accessPolicies": [one]}},
        ),
    ]


BROAD_CASES = [
    ({"keys": ["get", "wrapKey", "unwrapKey"]}, "pass"),
    ({"keys": ["All"]}, "violation"),
    ({"keys": ["get", "Purge"]}, "violation"),
    ({"secrets": ["purge"]}, "violation"),
    ({"certificates": [secret("all")]}, "violation"),
    ({"storage": ["ALL"]}, "violation"),
    ({"keys": "all"}, "violation"),
    ({"keys": []}, "pass"),
    ({"keys": None}, "pass"),
    ({}, "pass"),
    (None, "pass"),
    ({"keys": UNKNOWN_LIST}, "open"),
    ({"keys": ["get", UNKNOWN_TEXT]}, "open"),
    ({"keys": UNKNOWN_LIST, "secrets": ["all"]}, "violation"),
    (UNKNOWN_OBJECT, "open"),
]


@pytest.mark.parametrize(("permissions", "expected"), BROAD_CASES)
def test_nobody_holds_everything_or_purge(permissions: Any, expected: str) -> None:
    """All and purge are refused in each group and each shape; what is not known is said to be open."""
    for thing in shapes(permissions):
        assert judged("vault-no-broad-grants", thing) == expected, thing.name
