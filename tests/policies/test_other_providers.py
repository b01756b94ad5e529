"""Vaults, keys and accounts that no rule reads: of other providers, and in templates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import UNKNOWN_OBJECT, Pack, Thing, secret, verdict


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("azure:keyvault/keyVault:KeyVault", "violation"),
        ("azure:keyvault/key:Key", "violation"),
        ("azure:keyvault/accessPolicy:AccessPolicy", "violation"),
        ("azure:cognitive/account:Account", "violation"),
        ("azure:cognitive/accountCustomerManagedKey:AccountCustomerManagedKey", "violation"),
        ("azurerm:index/keyVault:KeyVault", "violation"),
        ("azurerm:index/cognitiveAccountCustomerManagedKey:CognitiveAccountCustomerManagedKey", "violation"),
        ("azure:keyvault/secret:Secret", "pass"),
        ("azure:storage/account:Account", "pass"),
        ("aws:kms/key:Key", "pass"),
        ("azure-native:keyvault:Vault", "pass"),
    ],
)
def test_what_no_rule_reads_is_said(token: str, expected: str) -> None:
    """Else a vault of another provider would pass every rule without a word."""
    assert verdict(Pack().ask(Thing("x", token, {})), "no-other-provider") == expected


VAULT_TEMPLATE = {
    "resources": [{"type": "Microsoft.KeyVault/Vaults", "apiVersion": "2023-07-01", "name": "kv"}]
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (VAULT_TEMPLATE, "violation"),
        ({"resources": {"kv": {"type": "Microsoft.KeyVault/vaults/keys"}}}, "violation"),
        ({"resources": [{"properties": {"template": VAULT_TEMPLATE}}]}, "violation"),
        ({"resources": [{"type": secret("Microsoft.CognitiveServices/accounts")}]}, "violation"),
        ({"resources": [{"type": "Microsoft.Storage/storageAccounts"}, UNKNOWN_OBJECT]}, "pass"),
        (UNKNOWN_OBJECT, "open"),
        (None, "open"),
    ],
)
@pytest.mark.parametrize("type", ["Deployment", "DeploymentAtSubscriptionScope"])
def test_a_template_is_looked_into(type: str, template: Any, expected: str) -> None:
    """A vault in ARM's own language is a vault that no rule reads."""
    thing = Thing("x", f"azure-native:resources:{type}", {"properties": {"template": template}})
    assert verdict(Pack().ask(thing), "no-other-provider") == expected
