"""A service's resource group: made here, or one that exists."""

import pulumi
from pulumi_azure_native import resources

from components.component import ChildOptions
from components.service_args import EncryptedAIServicesAccountArgs


def make_resource_group(inputs: EncryptedAIServicesAccountArgs, options: ChildOptions) -> pulumi.Output[str]:
    """The group's name, once the group exists."""
    if inputs.existing_resource_group_name is not None:
        return pulumi.Output.from_input(inputs.existing_resource_group_name)
    group = resources.ResourceGroup(
        f"{inputs.name}-group",
        resource_group_name=inputs.resource_group_name,
        location=inputs.location,
        tags=inputs.tags,
        opts=options(),
    )
    name: pulumi.Output[str] = group.name
    return name
