"""key-vault-api-version: Vaults and keys are declared by an API version that Azure goes on serving."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import ACCESS_POLICY, GENERIC, KEY, UNKNOWN_TEXT, VAULT, Pack, Thing, verdict

RULE = "key-vault-api-version"
GENERIC_VAULT = {"resourceProviderNamespace": "Microsoft.KeyVault", "resourceType": "vaults"}
AZAPI = "azapi:index/resource:Resource"
NATIVE_POLICY = "azure-native:keyvault:AccessPolicy"


@pytest.mark.parametrize(
    ("token", "props", "expected"),
    [
        ("azure-native:keyvault:Vault", {}, "violation"),
        ("azure-native:keyvault:Key", {"azureApiVersion": "2024-11-01"}, "violation"),
        ("azure-native:keyvault/v20250501:Vault", {}, "violation"),
        ("azure-native_keyvault_v20260201:keyvault:Vault", {}, "pass"),
        (NATIVE_POLICY, {"policy": {}}, "violation"),
        (VAULT, {}, "pass"),
        (KEY, {}, "pass"),
        (ACCESS_POLICY, {"policy": {}}, "pass"),
        (GENERIC, {**GENERIC_VAULT, "apiVersion": "2023-07-01"}, "violation"),
        (GENERIC, {**GENERIC_VAULT, "apiVersion": "2026-02-01"}, "pass"),
        (GENERIC, {**GENERIC_VAULT, "apiVersion": UNKNOWN_TEXT}, "pass"),
        (AZAPI, {"type": "Microsoft.KeyVault/vaults@2023-07-01", "body": {}}, "violation"),
        (AZAPI, {"type": "Microsoft.KeyVault/vaults@2026-03-01-preview", "body": {}}, "pass"),
        ("azure-native:storage:StorageAccount", {}, "pass"),
    ],
)
def test_a_version_that_ends_is_told(token: str, props: dict[str, Any], expected: str) -> None:
    """By what asks it: the plugin by its own version, a type or a property by the one that it names."""
    assert verdict(Pack().ask(Thing("x", token, props)), RULE) == expected


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (
            "azure-native:keyvault:Vault",
            "run `pulumi package add azure-native keyvault 2026-02-01`, and make it of that package's type",
        ),
        (NATIVE_POLICY, "make it an azure-cmk:index:AccessPolicy"),
    ],
)
def test_the_day_and_the_way_out_are_told(token: str, words: str) -> None:
    """Whoever reads it knows until when there is time, and what to run."""
    (answer,) = (one for one in Pack().ask(Thing("x", token, {"policy": {}})) if one.rule == RULE)
    assert answer.level == "advisory"
    assert "refuses from 27 February 2027 on" in answer.message
    assert words in " ".join(answer.message.split())
