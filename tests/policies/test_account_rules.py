"""Rules on one account and one binding."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    GENERIC,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import account_props, inline_account_props, with_change

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


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "pass"),
        ("True", "pass"),
        (secret(True), "pass"),
        (False, "violation"),
        ("false", "violation"),
        (None, "violation"),
        (..., "violation"),
        (UNKNOWN_FLAG, "open"),
    ],
)
def test_local_authentication_is_off(value: Any, expected: str) -> None:
    """Absent is on, which is what the service does."""
    props = with_change(account_props(), "properties.disableLocalAuth", value)
    assert ask(props, "account-local-auth-disabled") == expected


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


@pytest.mark.parametrize(
    ("token", "props", "expected"),
    [
        ("azure-native:cognitiveservices/v20240401preview:Account", {}, "violation"),
        ("azure-native_storage_v20240101preview:storage:Blob", {}, "violation"),
        ("azure-native:cognitiveservices/v20230501:Account", {}, "pass"),
        (ACCOUNT, {}, "pass"),
        ("azure-native:monitor:DiagnosticSetting", {"azureApiVersion": "2021-05-01-preview"}, "pass"),
        (GENERIC, {"apiVersion": "2024-04-01-preview"}, "violation"),
        (GENERIC, {"apiVersion": "2024-04-01"}, "pass"),
        (GENERIC, {"apiVersion": UNKNOWN_TEXT}, "pass"),
        ("aws:s3:Bucket", {}, "pass"),
    ],
)
def test_no_preview_of_an_api_is_chosen(token: str, props: dict[str, Any], expected: str) -> None:
    """Only a version that the program pins counts; azure-native's own default may be a preview."""
    assert verdict(Pack().ask(Thing("x", token, props)), "no-preview-api-version") == expected
