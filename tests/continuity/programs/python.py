"""A program that imports the component, and does to the account what its configuration says: `word` is its
name for the service, and `was` the one that it had."""

import json
from typing import Any

import pulumi

from components.service import EncryptedAIServicesAccount

ACCOUNT = "azure-native:cognitiveservices:Account"
said: dict[str, Any] = json.loads(pulumi.Config("claims").get("said") or "{}")


def tag(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Adds a tag to the account."""
    if args.type_ != ACCOUNT:
        return None
    props: dict[str, Any] = {**args.props}
    props["tags"] = {**(props.get("tags") or {}), "cost-centre": said["cost_centre"]}
    return pulumi.ResourceTransformResult(props, args.opts)


if "cost_centre" in said:
    pulumi.runtime.register_resource_transform(tag)
args: Any = {
    "location": "westeurope",
    "tags": said.get("tags"),
    "key": {"generation": said.get("generation", 1)},
    "network": {"access": "open"},
    "vault": {"key_operators": ["deployer"]},
    **said.get("names", {}),
}
options = pulumi.ResourceOptions(
    protect=said.get("protect"), aliases=[pulumi.Alias(name=said["was"])] if "was" in said else None
)
service = EncryptedAIServicesAccount(said.get("word", "claims"), args, options)
for name, value in service.outputs().items():
    pulumi.export(name, value)
