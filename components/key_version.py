"""The version of a key that is in use: `azure-cmk:index:KeyVersion` of this project's provider."""

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


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

    def __init__(
        self,
        name: str,
        *,
        key_id: pulumi.Input[str],
        generation: pulumi.Input[int] | None = None,
        pin: pulumi.Input[str] | None = None,
        account_id: pulumi.Input[str] | None = None,
        account_leaves: bool | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """A higher `generation` makes a new version; it only counts up. `pin` is a version (32 hex digits) to
        stay on. `account_id` is that of the account that is to follow: a key that it could not follow is not
        rotated. `account_leaves`: this update puts that account back on Microsoft-managed keys."""
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
        inputs = {
            "key_id": key_id,
            "generation": generation,
            "pin": pin,
            "account_id": account_id,
            "account_leaves": account_leaves,
        }
        super().__init__(resource_types.KEY_VERSION, name, {**outputs, **inputs}, opts)
