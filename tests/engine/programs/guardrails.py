"""The constraints as Azure Policy, and then an account in its first phase, which has no key yet."""

from __future__ import annotations

import os

import pulumi
from pulumi_azure_native import cognitiveservices, resources

from components.azure_policy import AzurePolicyGuardrails

group = resources.ResourceGroup("group", resource_group_name="rg-guarded", location="westeurope")
guardrails = AzurePolicyGuardrails(
    "cmk",
    {
        "scope": f"/subscriptions/{os.environ['ARM_SUBSCRIPTION_ID']}",
        "customer_managed_key_effect": os.environ["KEY_EFFECT"],
    },
    pulumi.ResourceOptions(protect=False),
)
cognitiveservices.Account(
    "account",
    resource_group_name=group.name,
    account_name="lang-guarded",
    kind="TextAnalytics",
    location="westeurope",
    sku=cognitiveservices.SkuArgs(name="S"),
    identity=cognitiveservices.IdentityArgs(type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED),
    properties=cognitiveservices.AccountPropertiesArgs(custom_sub_domain_name="lang-guarded"),
    opts=pulumi.ResourceOptions(depends_on=[guardrails]),
)
