"""A program that makes an account, a vault and a grant by azure-native's generic resources."""

from pulumi_azure_native import resources

TENANT = "5e8d1c54-3f0a-4c7b-9a61-0d2f7b9c4e10"
VAULT = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
group = resources.ResourceGroup("group", resource_group_name="rg-generic", location="westeurope")


def generic(name: str, namespace: str, type: str, resource_name: str, **inputs: object) -> None:
    resources.Resource(
        name,
        resource_group_name=group.name,
        resource_provider_namespace=namespace,
        parent_resource_path="",
        resource_type=type,
        resource_name_=resource_name,
        **inputs,
    )


generic(
    "account",
    "Microsoft.CognitiveServices",
    "accounts",
    "lang-generic",
    api_version="2025-06-01",
    location="westeurope",
    kind="TextAnalytics",
    sku={"name": "S"},
    properties={},
)
generic(
    "vault",
    "Microsoft.KeyVault",
    "vaults",
    "kv-generic",
    api_version="2026-02-01",
    location="westeurope",
    properties=VAULT,
)
resources.Deployment(
    "deployment",
    resource_group_name=group.name,
    deployment_name="by-template",
    properties={
        "mode": "Incremental",
        "template": {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": [
                {
                    "type": "Microsoft.KeyVault/vaults",
                    "apiVersion": "2026-02-01",
                    "name": "kv-template",
                    "location": "westeurope",
                    "properties": VAULT,
                }
            ],
        },
    },
)
