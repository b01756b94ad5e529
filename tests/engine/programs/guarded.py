"""Accounts that a program makes with azure-native itself, through a provider of its own, with `key_guard`.
That reads through the default provider, which nothing else uses."""

from typing import Any

import pulumi
import pulumi_azure_native
from pulumi_azure_native import cognitiveservices, resources

from components.account_write import key_guard

provider = pulumi_azure_native.Provider("own")
group = resources.ResourceGroup(
    "group",
    resource_group_name="rg-claims",
    location="westeurope",
    opts=pulumi.ResourceOptions(provider=provider),
)
for number in range(6):
    name = f"lang-claims-{number}"
    account_args: Any = {"kind": "TextAnalytics", "sku": {"name": "S"}}
    cognitiveservices.Account(
        name,
        resource_group_name=group.name,
        account_name=name,
        location="westeurope",
        **account_args,
        properties={"custom_sub_domain_name": name},
        opts=pulumi.ResourceOptions(provider=provider, hooks=key_guard(name)),
    )
