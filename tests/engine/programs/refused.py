"""A program of somebody else's with one thing wrong, named by the environment: it never gets past preview."""

from __future__ import annotations

import os

from pulumi_azure_native import cognitiveservices, keyvault

wrong = os.environ["WRONG"]
keyvault.Vault(
    "vault",
    resource_group_name="rg",
    location="westeurope",
    vault_name="kv-refused",
    properties=keyvault.VaultPropertiesArgs(
        tenant_id=os.environ["ARM_TENANT_ID"],
        sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
        enable_purge_protection=None if wrong == "purge protection" else True,
    ),
)
keyvault.Key(
    "key",
    resource_group_name="rg",
    vault_name="kv-refused",
    key_name="cmk",
    properties=keyvault.KeyPropertiesArgs(
        kty="RSA", key_size=3072 if wrong == "key size" else 2048, key_ops=["wrapKey", "unwrapKey"]
    ),
)
cognitiveservices.Account(
    "account",
    resource_group_name="rg",
    location="westeurope",
    account_name="lang-refused",
    kind="TextAnalytics",
    sku=cognitiveservices.SkuArgs(name="S"),
    identity=None
    if wrong == "identity"
    else cognitiveservices.IdentityArgs(type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED),
    properties=cognitiveservices.AccountPropertiesArgs(custom_sub_domain_name="lang-refused"),
)
