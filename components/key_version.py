"""The version of a key that is in use: `azure-cmk:index:KeyVersion` of this project's provider."""

from typing import NotRequired, TypedDict

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


class KeyVersionArgs(TypedDict):
    """Inputs of KeyVersion."""

    key_id: pulumi.Input[str]
    """Required. ARM id of the key, without a version."""
    generation: NotRequired[pulumi.Input[int] | None]
    """Optional. A higher number makes a new version of the key; it only counts up."""
    pin: NotRequired[pulumi.Input[str] | None]
    """Optional. A version (32 hex digits) to stay on instead of the newest."""
    account_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of the account that is to follow; a key that it could not follow is not rotated."""
    account_leaves: NotRequired[bool | None]
    """Optional. Whether this update puts that account back on Microsoft-managed keys."""


class KeyVersion(CmkResource):
    """The newest enabled version of a key, or the one it is pinned to."""

    key_name: pulumi.Output[str]
    """The key's name."""
    version: pulumi.Output[str]
    """The version, 32 hex digits."""
    vault_uri: pulumi.Output[str]
    """The vault's endpoint."""
    key_uri_with_version: pulumi.Output[str]
    """What an account is bound to."""

    def __init__(self, name: str, args: KeyVersionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        outputs = dict.fromkeys(
            (
                "key_name",
                "version",
                "key_uri",
                "key_uri_with_version",
                "vault_uri",
                "created_at",
                "newest_version",
                "rotation_mark",
            )
        )
        inputs = {"generation": None, "pin": None, "account_id": None, "account_leaves": None, **args}
        super().__init__(resource_types.KEY_VERSION, name, {**outputs, **inputs}, opts)
