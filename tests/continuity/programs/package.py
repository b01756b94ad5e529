"""A program that knows the component only as a package, as one in any other language does."""

import json
from typing import Any

import pulumi

OUTPUTS = (
    "accessId",
    "accountId",
    "accountName",
    "endpoint",
    "grantId",
    "keyUriWithVersion",
    "principalId",
    "resourceGroupName",
    "vaultId",
    "vaultUri",
)


class EncryptedAIServicesAccount(pulumi.ComponentResource):
    """What `pulumi package add` writes, but for the types."""

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        type = "language-cmk:index:EncryptedAIServicesAccount"
        super().__init__(type, name, {**dict.fromkeys(OUTPUTS), **args}, opts, remote=True)


def tag(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Adds a tag to the account."""
    if args.type_ != "azure-native:cognitiveservices:Account":
        return None
    props: dict[str, Any] = {**args.props}
    props["tags"] = {**(props.get("tags") or {}), "cost-centre": said["cost_centre"]}
    return pulumi.ResourceTransformResult(props, args.opts)


said: dict[str, Any] = json.loads(pulumi.Config("claims").get("said") or "{}")
args: dict[str, Any] = {
    "location": "westeurope",
    "tags": said.get("tags"),
    "key": {"generation": said.get("generation", 1)},
    "network": {"access": "open"},
    "vault": {"keyOperators": ["deployer"]},
    **said.get("args", {}),
}
secret = said.get("secret")
if secret:
    args[secret] = pulumi.Output.secret(args[secret])
options = pulumi.ResourceOptions(
    **{name: said[name] for name in ("protect", "retain_on_delete", "ignore_changes") if name in said}
)
if "cost_centre" in said:
    options.transforms = [tag]
if "alias" in said:
    options.aliases = [pulumi.Alias(name=said["alias"])]
service = EncryptedAIServicesAccount(
    said.get("name", "claims"), {k: v for k, v in args.items() if v is not None}, options
)
pulumi.export("resourceGroupName", service.resourceGroupName)  # type: ignore[attr-defined]
