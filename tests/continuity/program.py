"""A program of one service. It imports the component; or it knows it only as a package, as a program in any
other language does. Its configuration says which, and what it declares: `name`, `alias`, `args`, `protect`,
and `cost_centre`, a tag that a transform adds to the account."""

import json
from typing import Any

import pulumi

from components.service import EncryptedAIServicesAccount


class Package(pulumi.ComponentResource):
    """What `pulumi package add` writes, but for the types."""

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("language-cmk:index:EncryptedAIServicesAccount", name, args, opts, remote=True)


def tag(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Adds a tag to the account."""
    if args.type_ != "azure-native:cognitiveservices:Account":
        return None
    props: dict[str, Any] = {**args.props}
    props["tags"] = {**(props.get("tags") or {}), "cost-centre": said["cost_centre"]}
    return pulumi.ResourceTransformResult(props, args.opts)


config = pulumi.Config("claims")
said: dict[str, Any] = json.loads(config.get("said") or "{}")
is_package = config.get_bool("package")
name: str = said.get("name", "claims")
args: Any = {
    "location": "westeurope",
    "tags": said.get("tags"),
    "key": {"generation": 1},
    "network": {"access": "open"},
    "vault": {"keyOperators" if is_package else "key_operators": ["deployer"]},
    **said.get("args", {}),
}
options = pulumi.ResourceOptions(
    protect=said.get("protect"),
    aliases=[pulumi.Alias(name=said["alias"])] if "alias" in said else None,
)
if "cost_centre" in said and is_package:
    options.transforms = [tag]
elif "cost_centre" in said:
    pulumi.runtime.register_resource_transform(tag)
if is_package:
    Package(name, {key: value for key, value in args.items() if value is not None}, options)
else:
    EncryptedAIServicesAccount(name, args, options)
