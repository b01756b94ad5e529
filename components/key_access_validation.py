"""Access to a key that is in effect before an account is created on it.

Owns: the wait between a grant and an account that is bound in its creation. What Resource Manager shows is
waited for by the resource `KeyAccessValidation`. Whether a role assignment has reached the vault, nobody but
the identity can tell: there the account's creation is tried again, for as long as Azure refuses it for access
that may not count yet (reported cure: "5~10 min delay", hashicorp/terraform-provider-azurerm#32855).
"""

from __future__ import annotations

import asyncio
import time
from typing import NotRequired, TypedDict

import pulumi

from components.cmk_resource import CmkResource
from components.hooks import error_hooks
from core import resource_types
from core.refusals import Kind, is_failed_operation, kind_of_text

WAIT_SECONDS = 1800.0
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0


class KeyAccessValidationArgs(TypedDict):
    """Inputs of KeyAccessValidation."""

    key_id: pulumi.Input[str]
    """Required. ARM id of the key, without a version."""
    principal_id: pulumi.Input[str]
    """Required. Object id of the identity that is to use the key."""
    grant_id: NotRequired[pulumi.Input[str] | None]
    """Optional. Id of the access policy or role assignment."""


class KeyAccessValidation(CmkResource):
    """Access that is in effect, as far as anybody but the identity can know."""

    def __init__(self, name: str, args: KeyAccessValidationArgs, opts: pulumi.ResourceOptions) -> None:
        outputs = dict.fromkeys(("access_model", "validated_at", "proven"))
        inputs = {"grant_id": None, **args}
        super().__init__(resource_types.KEY_ACCESS_VALIDATION, name, {**outputs, **inputs}, opts)


def retry_until_access_counts(service: str) -> list[pulumi.ErrorHook]:
    """A hook that has the engine try a resource again while Azure refuses it for access, or an identity, that
    may not count yet.

    It pauses longer each time, and gives up after half an hour, with Azure's own error.
    """
    begun: list[float] = []

    async def again(failed: pulumi.ErrorHookArgs) -> bool:
        if not failed.errors or kind_of_text(failed.errors[0]) is not Kind.PROPAGATING:
            return False
        if failed.failed_operation == "create" and is_failed_operation(failed.errors[0]):
            # It exists, and a second create would be refused and leave it out of the state.
            pulumi.log.error(
                f"service {service!r}: Azure made the resource, but its access to the key does not count "
                "yet; it is recorded. Run the same command again, which waits for the access"
            )
            return False
        begun.append(time.monotonic())
        if begun[-1] - begun[0] > WAIT_SECONDS:
            return False
        pulumi.log.info(
            f"service {service!r}: waiting for the access to the key to count: {failed.errors[0]}"
        )
        await asyncio.sleep(min(_FIRST_PAUSE * 2 ** (len(begun) - 1), _LONGEST_PAUSE))
        return True

    return error_hooks(f"{service}-access", again)
