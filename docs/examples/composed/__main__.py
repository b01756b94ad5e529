"""A Foundry account under a customer-managed key, and around it what is azure-native's own: alerts, a private
endpoint with an address and an interface name of its own, and what the account has below it.

In a clone: `pulumi -C docs/examples/composed up`, after `pulumi config set subnetId ID` and the other
settings of its Pulumi.yaml. What comes after `bound` is made once the account's data is under the key.
"""

import sys
from pathlib import Path

# It uses the clone's own parts.
sys.path[0] = str(Path(__file__).resolve().parents[3])

import pulumi
from pulumi_azure_native import cognitiveservices, network

from components.service import EncryptedAIServicesAccount
from core import arm_ids
from docs.examples.composed.alerts import make_alerts

NAME, LOCATION = "claims", "westeurope"
config = pulumi.Config()
subnet_id, agents_subnet_id = config.require("subnetId"), config.require("agentsSubnetId")


def confine(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Network injection and the hosts that the account may call are properties of the account, which the
    component does not declare. Without the vault's host the account could not use its key."""
    if args.type_ != "azure-native:cognitiveservices:Account":
        return None
    injection = {"scenario": "agent", "subnetArmId": agents_subnet_id, "useMicrosoftManagedNetwork": False}
    confined = {
        "networkInjections": [injection],
        "restrictOutboundNetworkAccess": True,
        "allowedFqdnList": [f"kv-{NAME}.vault.azure.net"],
    }
    properties = {**args.props["properties"], **confined}
    return pulumi.ResourceTransformationResult({**args.props, "properties": properties}, args.opts)


service = EncryptedAIServicesAccount(
    NAME,
    {"location": LOCATION, "kind": "AIServices"},  # network.access is closed: the endpoint below opens it
    pulumi.ResourceOptions(transformations=[confine], protect=config.get_bool("protect")),
)
make_alerts(NAME, service, location=LOCATION, emails=[config.require("alertEmail")])

account = {
    "account_name": service.bound.apply(arm_ids.name_of),
    "resource_group_name": service.bound.apply(arm_ids.group_of),
}
policy = cognitiveservices.RaiPolicy(
    f"{NAME}-rai",
    rai_policy_name="strict",
    properties={"base_policy_name": "Microsoft.DefaultV2", "mode": "Blocking"},
    **account,
)
# Azure takes one write below an account at a time, so each comes after the one before it.
connection = cognitiveservices.AccountConnection(
    f"{NAME}-search",
    connection_name="search",
    # The SDK translates no dictionary here, because the type of connection is one of many.
    properties=cognitiveservices.AADAuthTypeConnectionPropertiesArgs(
        auth_type="AAD",
        category="CognitiveSearch",
        target=config.require("searchEndpoint"),
        is_shared_to_all=True,
    ),
    opts=pulumi.ResourceOptions(depends_on=[policy]),
    **account,
)
plan = cognitiveservices.CommitmentPlan(
    f"{NAME}-commitment",
    commitment_plan_name="language",
    properties={
        "plan_type": "TA",
        "hosting_model": "Web",
        "auto_renew": False,
        "current": {"tier": "T1", "count": 1},
    },
    opts=pulumi.ResourceOptions(depends_on=[connection]),
    **account,
)
members = (
    "default",
    "secondary",
    "third",
)  # cognitiveservices.azure.com, openai.azure.com, services.ai.azure.com
endpoint = network.PrivateEndpoint(
    f"{NAME}-endpoint",
    resource_group_name=service.resource_group_name,
    private_endpoint_name=f"pe-{NAME}",
    custom_network_interface_name=f"nic-{NAME}",
    location=LOCATION,
    subnet={"id": subnet_id},
    ip_configurations=[
        {"name": member, "group_id": "account", "member_name": member, "private_ip_address": address}
        for member, address in zip(members, config.require_object("addresses"), strict=True)
    ],
    private_link_service_connections=[
        {"name": "account", "private_link_service_id": service.bound, "group_ids": ["account"]}
    ],
    opts=pulumi.ResourceOptions(depends_on=[plan]),
)
