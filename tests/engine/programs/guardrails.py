"""The constraints as Azure Policy, and then an account in its first phase, which has no key yet."""

from __future__ import annotations

import os

import pulumi
from pulumi_azure_native import cognitiveservices, resources

from docs.examples.azure_policy.guardrails import AzurePolicyGuardrails

SUBSCRIPTION = f"/subscriptions/{os.environ['ARM_SUBSCRIPTION_ID']}"
group = resources.ResourceGroup("group", resource_group_name="rg-guarded", location="westeurope")
exemption = {
    "name": "phase-one",
    "constraint": "account-customer-key",
    "scope": f"{SUBSCRIPTION}/resourceGroups/rg-guarded",
    "reason": "The account is bound in phase two.",
    "until": "2099-12-31",
}
guardrails = AzurePolicyGuardrails(
    "cmk",
    {
        "scope": SUBSCRIPTION,
        "customer_managed_key_effect": os.environ["KEY_EFFECT"],
        "exemptions": [exemption] if os.environ.get("EXEMPT") else [],
    },
    pulumi.ResourceOptions(protect=False, depends_on=[group]),
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
