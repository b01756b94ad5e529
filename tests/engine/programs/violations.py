"""A program whose vault and account the policy pack refuses, in the SDK of azure-native."""

from pulumi_azure_native import cognitiveservices, keyvault, resources

TENANT = "11111111-1111-1111-1111-111111111111"
KEY = {"keyName": "cmk", "keyVaultUri": "https://kv-loose.vault.azure.net"}
group = resources.ResourceGroup("group", resource_group_name="rg", location="westeurope")
keyvault.Vault(
    "vault",
    resource_group_name=group.name,
    vault_name="kv-loose",
    location="westeurope",
    properties={"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableSoftDelete": False},
)
cognitiveservices.Account(
    "account",
    resource_group_name=group.name,
    account_name="lang-loose",
    kind="TextAnalytics",
    location="westeurope",
    identity={"type": "SystemAssigned"},
    sku={"name": "S"},
    properties={"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": KEY}},
)
