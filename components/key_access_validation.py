"""Access to a key that is in effect: before an account is created on it, and after it was restored.

The provider waits until Resource Manager shows the grant and, for an account that is under the key already,
until the service uses it.
"""

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


class KeyAccessValidation(CmkResource):
    """Access that is in effect, as far as anybody but the identity can know."""

    def __init__(
        self,
        name: str,
        *,
        key_id: pulumi.Input[str],
        principal_id: pulumi.Input[str],
        grant_id: pulumi.Input[str],
        account_id: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`account_id` is that of an account under the key: writing its binding again proves the access."""
        outputs = dict.fromkeys(("access_model", "validated_at", "proven"))
        inputs = {
            "key_id": key_id,
            "principal_id": principal_id,
            "grant_id": grant_id,
            "account_id": account_id,
        }
        super().__init__(resource_types.KEY_ACCESS_VALIDATION, name, {**outputs, **inputs}, opts)
