"""Access to a key that is in effect: before an account is created on it, and after it was restored.

The provider waits until Resource Manager shows the grant and, for an account that is under the key already,
until the service uses it.
"""

from typing import NotRequired, TypedDict

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


class KeyAccessValidationArgs(TypedDict):
    """Inputs of KeyAccessValidation."""

    key_id: pulumi.Input[str]
    """Required. ARM id of the key, without a version."""
    principal_id: pulumi.Input[str]
    """Required. Object id of the identity that is to use the key."""
    grant_id: NotRequired[pulumi.Input[str] | None]
    """Optional. Id of the access policy or role assignment."""
    account_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an account that is under the key: writing its binding again proves the access."""


class KeyAccessValidation(CmkResource):
    """Access that is in effect, as far as anybody but the identity can know."""

    def __init__(self, name: str, args: KeyAccessValidationArgs, opts: pulumi.ResourceOptions) -> None:
        outputs = dict.fromkeys(("access_model", "validated_at", "proven"))
        inputs = {"grant_id": None, "account_id": None, **args}
        super().__init__(resource_types.KEY_ACCESS_VALIDATION, name, {**outputs, **inputs}, opts)
