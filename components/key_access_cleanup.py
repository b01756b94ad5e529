"""What is left of an account's access to a key in a vault that stays: removed once nothing needs it.

Owns: `azure-cmk:index:KeyAccessCleanup`. A grant for an account's own identity comes after the account, and
would be deleted before it, while the account still needs it. So the engine skips its deletion when the
account is deleted, too (access.py), and this resource, which the account comes after, does it instead; also
of an account that has left the key. In a vault made here the access goes with the vault.
"""

from __future__ import annotations

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


class KeyAccessCleanup(CmkResource):
    """Deleted after an account, it removes what the account's own identity has at the key."""

    def __init__(
        self,
        name: str,
        *,
        key_id: pulumi.Input[str],
        account_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {"key_id": key_id, "account_id": account_id}
        super().__init__(resource_types.KEY_ACCESS_CLEANUP, name, {"principal_id": None, **inputs}, opts)
