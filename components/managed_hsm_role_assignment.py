"""The grant of a key in a managed HSM: `azure-cmk:index:ManagedHsmRoleAssignment`."""

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types, roles


class ManagedHsmRoleAssignment(CmkResource):
    """One identity's role at one key of a managed HSM: exactly what the service needs."""

    def __init__(
        self,
        name: str,
        *,
        scope: pulumi.Input[str],
        principal_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {
            "scope": scope,
            "principal_id": principal_id,
            "role_definition_id": roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id,
        }
        super().__init__(resource_types.HSM_ROLE_ASSIGNMENT, name, {"assignment_id": None, **inputs}, opts)
