"""Rules on one vault: what passes, what is refused, and what is left open, in every spelling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    GENERIC,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VAULT,
    Pack,
    Thing,
    secret,
)
from tests.policies.bags import vault_props, with_change
from tests.policies.editing import judged

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
    [("vault-soft-delete", "enableSoftDelete"), ("vault-purge-protection", "enablePurgeProtection")],
)
def test_a_protection_must_be_stated_as_on(
    rule: str, name: str, value: Any, expected: str, token: str
) -> None:
    """Soft delete and purge protection pass only when they are true, however true is spelt."""
    assert ask(with_change(vault_props(), f"properties.{name}", value), rule, token=token) == expected


@pytest.mark.parametrize("properties", [None, "text", [], UNKNOWN_OBJECT])
def test_a_vault_of_another_shape_never_passes(properties: Any) -> None:
    """A bag without a readable `properties` is refused, or left open when it is unknown."""
    expected = "open" if properties == UNKNOWN_OBJECT else "violation"
    for rule in ("vault-soft-delete", "vault-purge-protection"):
        assert ask({"properties": properties}, rule) == expected


@pytest.mark.parametrize("mode", ["recover", "Recover"])
def test_a_recovered_vault_keeps_what_it_had(mode: str) -> None:
    """Azure ignores the properties of a request that recovers a vault; so do Azure Policy and these rules."""
    props = {"properties": {"createMode": mode}}
    for rule in ("vault-soft-delete", "vault-purge-protection", "vault-network-restricted"):
        assert ask(props, rule) == "pass"
        assert ask({"properties": {"createMode": "default"}}, rule) == "violation"


def test_a_generic_resource_is_judged_as_what_it_is() -> None:
    """azure-native's generic resource for Microsoft.KeyVault/vaults is a vault; another type is none."""
    generic = {"resourceProviderNamespace": "Microsoft.KeyVault", "resourceType": "Vaults", "properties": {}}
    assert ask(generic, "vault-purge-protection", token=GENERIC) == "violation"
    other = {**generic, "resourceType": "managedHSMs"}
    assert ask(other, "vault-purge-protection", token=GENERIC) == "pass"


@pytest.mark.parametrize(
    "token", ["aws:kms:Key", "azure-native:storage:Vault", "azure:keyvault:Vault", "x", ""]
)
def test_other_resources_are_left_alone(token: str) -> None:
    """No rule answers for a resource of another service."""
    assert Pack().ask(Thing("v", token, {"properties": {}})) == []


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


@pytest.mark.parametrize(
    ("days", "minimum", "expected"),
    [
        (90, 7, "pass"),
        (7, 7, "pass"),
        ("90", 90, "pass"),
        (..., 90, "pass"),
        (None, 90, "pass"),
        (6, 7, "violation"),
        (91, 7, "violation"),
        (30, 90, "violation"),
        (30.5, 7, "violation"),
        ("soon", 7, "violation"),
        (True, 7, "violation"),
        (UNKNOWN_TEXT, 7, "open"),
    ],
)
def test_retention_is_within_azures_range_and_the_configured_minimum(
    days: Any, minimum: int, expected: str
) -> None:
    """Not stated is Azure's 90 days; a stated number must be from the minimum to 90."""
    props = with_change(vault_props(), "properties.softDeleteRetentionInDays", days)
    assert ask(props, "vault-retention", {"minimumDays": minimum}) == expected


def _ranges(*values: Any) -> dict[str, Any]:
    return {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": value} for value in values]}}


NETWORK_CASES = [
    (_ranges("0.0.0.0/1", "128.0.0.0/1"), "violation", "violation"),
    (_ranges("20.0.0.0/7"), "violation", "violation"),
    (_ranges("20.0.0.0/8", "1.2.3.4", "1.2.3.4/32", UNKNOWN_TEXT, None), "pass", "violation"),
    (_ranges("20.0.0.0/x", "/"), "pass", "violation"),
    ({"publicNetworkAccess": "Disabled"}, "pass", "pass"),
    ({"publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "Allow"}}, "pass", "pass"),
    ({"networkAcls": {"defaultAction": "deny"}}, "pass", "violation"),
    ({"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}, "pass", "violation"),
    (
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "0.0.0.0/0"}]}},
        "violation",
        "violation",
    ),
    ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.0/24"}]}}, "pass", "violation"),
    (
        {"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "10.0.0.0/24"}]}},
        "violation",
        "violation",
    ),
    ({"networkAcls": {"defaultAction": "Deny", "ipRules": UNKNOWN_LIST}}, "open", "violation"),
    ({"publicNetworkAccess": "SecuredByPerimeter"}, "pass", "violation"),
    ({"publicNetworkAccess": "Enabled"}, "violation", "violation"),
    ({"publicNetworkAccess": None, "networkAcls": None}, "violation", "violation"),
    ({}, "violation", "violation"),
    ({"publicNetworkAccess": UNKNOWN_TEXT}, "open", "open"),
    ({"networkAcls": UNKNOWN_OBJECT}, "open", "violation"),
    ({"publicNetworkAccess": secret("Disabled")}, "pass", "pass"),
]


@pytest.mark.parametrize(("properties", "restricted", "disabled"), NETWORK_CASES)
@pytest.mark.parametrize(
    ("rule", "token"),
    [
        ("vault-network-restricted", VAULT),
        ("account-network-restricted", "azure-native:cognitiveservices:Account"),
    ],
)
def test_vaults_and_accounts_are_closed_to_unknown_networks(
    rule: str, token: str, properties: dict[str, Any], restricted: str, disabled: str
) -> None:
    """Disabled or Deny will do, or only Disabled as configured; Allow with IP rules is open."""
    bag = {"properties": properties}
    assert ask(bag, rule, token=token) == restricted
    assert ask(bag, rule, {"publicAccess": "disabled"}, token=token) == disabled


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
