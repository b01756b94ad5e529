"""A service's resource group: made here, or one that exists."""

import pulumi
from pulumi_azure_native import resources

from components.declared import Declaration, Declare
from components.service_args import EncryptedAIServicesAccountArgs
from core import arm_ids


def make_resource_group(inputs: EncryptedAIServicesAccountArgs, declare: Declare) -> pulumi.Input[str]:
    """The group's name, once the group exists."""
    if inputs.existing_resource_group_name is not None:
        return inputs.existing_resource_group_name
    group = Declaration(
        resources.ResourceGroup,
        f"{inputs.name}-group",
        arm_ids.RESOURCE_GROUP,
        inputs.resource_group_name,
        {
            "resource_group_name": inputs.resource_group_name,
            "location": inputs.location,
            "tags": inputs.tags,
        },
        inputs.argument_of("resourceGroup"),
        "existingResourceGroupName",
    )
    return declare(group).name
