"""A program of its own: what the policy pack refuses of one stack, Azure refuses at a scope, from anyone.

In a clone: `pulumi -C docs/examples/azure_policy up`, after `pulumi config set scope /subscriptions/ID`.
"""

import sys
from pathlib import Path

# It uses the clone's own parts.
sys.path[0] = str(Path(__file__).resolve().parents[3])

import pulumi

from docs.examples.azure_policy.guardrails import AzurePolicyGuardrails

config = pulumi.Config()
guardrails = AzurePolicyGuardrails(
    "cmk",
    {
        "scope": config.require("scope"),
        "customer_managed_key_effect": config.get("customerManagedKeyEffect"),
        "effects": config.get_object("effects"),
        "administrators": config.get_object("administrators"),
        "exemptions": config.get_object("exemptions"),
    },
)
pulumi.export("assignmentIds", guardrails.assignment_ids)
