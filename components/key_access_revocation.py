"""Access to a key that is removed before anything else is written, for `access: revoked`.

The engine deletes what a program no longer declares only after everything else succeeded: a grant that is
left out would keep the data readable whenever something else fails. The revocation removes the access in its
own creation, and every other resource of the services comes after it. In the state it records that the access
was removed on purpose, so that it may be restored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


@dataclass(frozen=True)
class RevokedAccess:
    """Whose access to which key is removed. `assignment_id`: a role assignment at another scope."""

    key_id: str
    principal_id: str
    assignment_id: str | None = None


class KeyAccessRevocation(CmkResource):
    """An identity that may not use a key."""

    def __init__(self, name: str, access: RevokedAccess, opts: pulumi.ResourceOptions) -> None:
        inputs = {
            "key_id": access.key_id,
            "principal_id": access.principal_id,
            "assignment_id": access.assignment_id,
        }
        super().__init__(resource_types.KEY_ACCESS_REVOCATION, name, {"revoked_at": None, **inputs}, opts)


def revoke_access(by_service: Mapping[str, RevokedAccess]) -> list[pulumi.Resource]:
    """Takes access away, of every service that is to lose it, before anything of any service is declared.
    Returns what everything else comes after.

    The resources have no parent, because the services' components come after them.
    """
    return [
        KeyAccessRevocation(f"{name}-revocation", access, pulumi.ResourceOptions(protect=False))
        for name, access in by_service.items()
    ]
