"""account-identity: an account has the identity that uses its key, and keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import (
    account_props,
    inline_account_props,
    with_change,
)

CMK = "properties.encryption.keyVaultProperties"


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    return verdict(Pack({rule: config or {}}).ask(Thing("a", ACCOUNT, props, ignore_changes=ignored)), rule)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"type": "SystemAssigned"}, "pass"),
        ({"type": "systemassigned"}, "pass"),
        ({"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": ["x"]}, "pass"),
        ({"type": "SystemAssigned,UserAssigned"}, "pass"),
        ({"type": secret("SystemAssigned")}, "pass"),
        ({"type": "UserAssigned", "userAssignedIdentities": ["x"]}, "pass"),
        ({"type": "UserAssigned", "userAssignedIdentities": []}, "violation"),
        ({"type": "UserAssigned"}, "violation"),
        ({"type": "None"}, "violation"),
        ({"type": None}, "violation"),
        ({}, "violation"),
        (None, "violation"),
        (..., "violation"),
        ("SystemAssigned", "violation"),
        (UNKNOWN_OBJECT, "open"),
        ({"type": UNKNOWN_TEXT}, "open"),
    ],
)
def test_an_account_has_its_own_identity(identity: Any, expected: str) -> None:
    """Of its own, or attached to it: a binding may name an attached one."""
    assert ask(with_change(account_props(), "identity", identity), "account-identity") == expected


USER_CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "pass"),
    ({"identity.userAssignedIdentities": UNKNOWN_LIST}, "pass"),
    ({"identity.userAssignedIdentities": [UNKNOWN_TEXT]}, "pass"),
    ({f"{CMK}.identityClientId": UNKNOWN_TEXT}, "pass"),
    ({"identity.userAssignedIdentities": []}, "violation"),
    ({"identity.userAssignedIdentities": None}, "violation"),
    ({f"{CMK}.identityClientId": ""}, "violation"),
    ({f"{CMK}.identityClientId": ...}, "violation"),
    ({"properties.encryption.keySource": "Microsoft.CognitiveServices"}, "pass"),
    ({"properties.encryption": UNKNOWN_OBJECT}, "pass"),
    (
        {"identity.userAssignedIdentities": {"x": {"clientId": "33333333-3333-3333-3333-333333333333"}}},
        "pass",
    ),
    ({"identity.userAssignedIdentities": {"x": {"clientId": "another"}}}, "violation"),
]


@pytest.mark.parametrize(("changes", "expected"), USER_CASES)
def test_a_user_assigned_identity_must_be_the_one_the_encryption_names(
    changes: dict[str, Any], expected: str
) -> None:
    """Inline encryption with the client id of an attached identity will do instead of a system identity."""
    props = inline_account_props()
    for path, value in changes.items():
        props = with_change(props, path, value)
    assert ask(props, "account-identity") == expected


@pytest.mark.parametrize(
    "path", ["identity", "identity.type", '["identity"]', "*", "identity.userAssignedIdentities"]
)
def test_the_identity_is_never_ignored(path: str) -> None:
    """An ignored identity could be lost unseen."""
    assert ask(account_props(), "account-identity", ignored=(path,)) == "violation"
    assert ask(account_props(), "account-identity", ignored=("properties.encryption", "tags")) == "pass"
