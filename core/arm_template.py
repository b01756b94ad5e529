"""A template of resources, as `deployments/validate` takes it.

Source: azure-rest-api-specs, Microsoft.Resources Deployments_Validate 2025-04-01 (`mode`, `validationLevel`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

PROVIDER: Final = "Provider"
"""The level at which resource providers validate each resource and Azure checks the login's rights to write
it."""
NO_RBAC: Final = "ProviderNoRbac"
"""The same without the rights."""
_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
Json = Mapping[str, Any]


def properties(resources: Sequence[Json], level: str = PROVIDER) -> dict[str, Any]:
    """The `properties` of a deployment of these resources, each with its type, apiVersion and name."""
    template = {"$schema": _SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources]}
    return {"mode": "Incremental", "validationLevel": level, "template": template}
