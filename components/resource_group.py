"""A service's resource group: made here, or one that exists."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from components import names
from components.component import Options
from components.contract import EncryptedLanguageServiceArgs


def make_resource_group(name: str, args: EncryptedLanguageServiceArgs, kept: Options) -> pulumi.Output[str]:
    """The group's name, once it is there. Raises ValueError for a name that Azure refuses."""
    if existing := args.get("existing_resource_group_name"):
        return pulumi.Output.from_input(existing)
    group = resources.ResourceGroup(
        f"{name}-group",
        resource_group_name=names.RESOURCE_GROUP.checked(
            args.get("resource_group_name") or names.resource_group_name(name)
        ),
        location=args["location"],
        tags=args.get("tags"),
        opts=kept(),
    )
    return group.name
